from app.application.ports.persistence import StartUnitOfWork
from app.application.ports.security import Caller, PasswordHasher, Tokens
from app.domain.errors import WrongCredentialsError


class Login:
    def __init__(self, start: StartUnitOfWork, passwords: PasswordHasher, tokens: Tokens) -> None:
        self._start = start
        self._passwords = passwords
        self._tokens = tokens

    def __call__(self, email: str, password: str) -> str:
        with self._start() as work:
            user = work.users.get_by_email(email.lower())
            if not self._passwords.verify(password, user.password_hash if user else None) or user is None:
                raise WrongCredentialsError
            return self._tokens.issue(Caller(user.id, user.role))
