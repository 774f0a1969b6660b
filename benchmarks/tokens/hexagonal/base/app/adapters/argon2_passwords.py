from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError


class Argon2Passwords:
    def __init__(self) -> None:
        self._hasher = PasswordHasher()
        # checked where there is no such user, so that a stranger cannot tell by the time that it takes
        self._nobodys_hash = self._hasher.hash("nobody's password")

    def hash(self, password: str) -> str:
        return self._hasher.hash(password)

    def verify(self, password: str, hashed: str | None) -> bool:
        try:
            self._hasher.verify(hashed or self._nobodys_hash, password)
        except VerifyMismatchError:
            return False
        return hashed is not None
