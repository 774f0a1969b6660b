from app.core.common.entities.types_ import UserRole
from app.core.common.entities.user import User
from app.core.common.ports.password_hasher import PasswordHasher
from app.core.common.value_objects.email import Email
from app.core.common.value_objects.raw_password import RawPassword
from app.core.common.value_objects.user_name import UserName


class UserService:
    def __init__(self, password_hasher: PasswordHasher) -> None:
        self._password_hasher = password_hasher

    def create_user(self, *, name: UserName, email: Email, raw_password: RawPassword) -> User:
        password_hash = self._password_hasher.hash(raw_password)
        return User(name=name, email=email, password_hash=password_hash, role=UserRole.USER)

    def is_password_valid(self, user: User | None, raw_password: RawPassword) -> bool:
        return self._password_hasher.verify(raw_password, user.password_hash if user else None)
