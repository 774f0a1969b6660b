class DomainError(Exception):
    """What a use case refuses; its text is for the caller."""


class WrongCredentialsError(DomainError):
    def __init__(self) -> None:
        super().__init__("the email or the password is wrong")


class InvalidTokenError(DomainError):
    def __init__(self) -> None:
        super().__init__("the token is missing or not valid")


class NotAllowedError(DomainError):
    def __init__(self) -> None:
        super().__init__("only an administrator may do this")
