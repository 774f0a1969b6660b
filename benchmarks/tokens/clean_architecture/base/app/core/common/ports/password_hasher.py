from abc import abstractmethod
from typing import Protocol

from app.core.common.entities.types_ import UserPasswordHash
from app.core.common.value_objects.raw_password import RawPassword


class PasswordHasher(Protocol):
    @abstractmethod
    def hash(self, raw_password: RawPassword) -> UserPasswordHash: ...

    @abstractmethod
    def verify(self, raw_password: RawPassword, hashed: UserPasswordHash | None) -> bool:
        """Tell whether it is the password, in the same time where there is no hash."""
