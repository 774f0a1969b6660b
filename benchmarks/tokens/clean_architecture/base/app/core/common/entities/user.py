from dataclasses import dataclass, field

from app.core.common.entities.types_ import UserId, UserPasswordHash, UserRole
from app.core.common.value_objects.email import Email
from app.core.common.value_objects.user_name import UserName


@dataclass(eq=False, kw_only=True)
class User:
    id_: UserId = field(init=False)
    name: UserName
    email: Email
    password_hash: UserPasswordHash
    role: UserRole
