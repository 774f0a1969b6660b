from app.core.common.exceptions import AppError


class UserBlockedError(AppError):
    def __init__(self) -> None:
        super().__init__("this account is blocked")
