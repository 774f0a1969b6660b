from app.core.common.entities.types_ import UserRole
from app.core.common.entities.user import User
from app.core.common.exceptions import AuthorizationError


def authorize_admin(user: User) -> None:
    if user.role != UserRole.ADMIN:
        raise AuthorizationError("only an administrator may do this")
