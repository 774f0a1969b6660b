from functools import cache

from sqlalchemy import Column, ForeignKey, Integer, String, Table, UniqueConstraint
from sqlalchemy.orm import registry

from app.domain.notification import Notification
from app.domain.user import User

mappers = registry()

users = Table(
    "users",
    mappers.metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String, nullable=False),
    Column("email", String, nullable=False, unique=True),
    Column("password_hash", String, nullable=False),
    Column("role", String, nullable=False),
)

notifications = Table(
    "notifications",
    mappers.metadata,
    Column("id", Integer, primary_key=True),
    Column("user_id", ForeignKey("users.id"), nullable=False),
    Column("kind", String, nullable=False),
    Column("message", String, nullable=False),
    UniqueConstraint("user_id", "kind"),
)


@cache
def start_mappers() -> None:
    """Map the domain's classes to their tables, once."""
    mappers.map_imperatively(User, users)
    mappers.map_imperatively(Notification, notifications)
