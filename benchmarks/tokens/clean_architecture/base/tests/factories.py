from app.core.common.entities.types_ import UserId, UserPasswordHash, UserRole
from app.core.common.entities.user import User
from app.core.common.value_objects.email import Email
from app.core.common.value_objects.user_name import UserName


def create_user(
    *, email: str = "ana@example.com", password_hash: str = "hash", role: UserRole = UserRole.USER, id_: int | None = 1
) -> User:
    user = User(name=UserName("Ana"), email=Email(email), password_hash=UserPasswordHash(password_hash), role=role)
    if id_ is not None:
        user.id_ = UserId(id_)
    return user
