class AppError(Exception):
    """What the core refuses; its text is for the caller."""


class InvalidValueError(AppError):
    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field} {reason}")
        self.field = field


class AuthenticationError(AppError):
    pass


class AuthorizationError(AppError):
    pass
