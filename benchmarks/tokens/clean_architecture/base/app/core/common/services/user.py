from app.core.common.entities.user import User
from app.core.common.ports.password_hasher import PasswordHasher
from app.core.common.value_objects.raw_password import RawPassword


class UserService:
    def __init__(self, password_hasher: PasswordHasher) -> None:
        self._password_hasher = password_hasher

    def is_password_valid(self, user: User | None, raw_password: RawPassword) -> bool:
        return self._password_hasher.verify(raw_password, user.password_hash if user else None)
