from enum import StrEnum

from sqlalchemy import Boolean, Column, Enum, Integer, String, Table
from sqlalchemy.orm import composite

from app.core.common.entities.types_ import UserRole
from app.core.common.entities.user import User
from app.core.common.value_objects.email import Email
from app.core.common.value_objects.user_name import UserName
from app.infrastructure.persistence_sqla.registry import mapper_registry


def values_of(kind: type[StrEnum]) -> list[str]:
    """List what the database stores of an enumeration: its values, and not its names."""
    return [one.value for one in kind]


users_table = Table(
    "users",
    mapper_registry.metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(UserName.MAX_LEN), nullable=False),
    Column("email", String(Email.MAX_LEN), nullable=False, unique=True),
    Column("password_hash", String, nullable=False),
    Column("role", Enum(UserRole, native_enum=False, values_callable=values_of), nullable=False),
    Column("is_blocked", Boolean, nullable=False),
)


def map_users_table() -> None:
    mapper_registry.map_imperatively(
        User,
        users_table,
        properties={
            "id_": users_table.c.id,
            "name": composite(UserName, users_table.c.name),
            "email": composite(Email, users_table.c.email),
            "password_hash": users_table.c.password_hash,
            "role": users_table.c.role,
            "is_blocked": users_table.c.is_blocked,
        },
        column_prefix="__",
    )
