from app.core.exceptions import UnauthorizedError
from app.core.security import Caller, PasswordHandler, TokenHandler
from app.repositories.user import UserRepository


class AuthService:
    def __init__(self, users: UserRepository, tokens: TokenHandler) -> None:
        self.users = users
        self.tokens = tokens

    def login(self, email: str, password: str) -> str:
        user = self.users.get_by_email(email.lower())
        if not PasswordHandler.verify(password, user.password_hash if user else None) or user is None:
            raise UnauthorizedError("the email or the password is wrong")
        return self.tokens.encode(Caller(user.id, user.role))
