from app.core.common.exceptions import AppError


class EmailAlreadyExistsError(AppError):
    def __init__(self) -> None:
        super().__init__("a user with this email exists")
