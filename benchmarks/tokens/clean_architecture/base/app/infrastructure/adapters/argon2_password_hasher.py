from argon2 import PasswordHasher as Argon2
from argon2.exceptions import VerifyMismatchError

from app.core.common.entities.types_ import UserPasswordHash
from app.core.common.ports.password_hasher import PasswordHasher
from app.core.common.value_objects.raw_password import RawPassword


class Argon2PasswordHasher(PasswordHasher):
    def __init__(self) -> None:
        self._argon2 = Argon2()
        # checked where there is no such user, so that a stranger cannot tell by the time that it takes
        self._nobodys_hash = self._argon2.hash("nobody's password")

    def hash(self, raw_password: RawPassword) -> UserPasswordHash:
        return UserPasswordHash(self._argon2.hash(raw_password.value))

    def verify(self, raw_password: RawPassword, hashed: UserPasswordHash | None) -> bool:
        try:
            self._argon2.verify(hashed or self._nobodys_hash, raw_password.value)
        except VerifyMismatchError:
            return False
        return hashed is not None
