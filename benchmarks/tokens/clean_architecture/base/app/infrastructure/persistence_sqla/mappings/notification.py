from sqlalchemy import Column, ForeignKey, Integer, String, Table, UniqueConstraint

from app.core.common.entities.notification import Notification
from app.infrastructure.persistence_sqla.registry import mapper_registry

notifications_table = Table(
    "notifications",
    mapper_registry.metadata,
    Column("id", Integer, primary_key=True),
    Column("user_id", ForeignKey("users.id"), nullable=False),
    Column("kind", String, nullable=False),
    Column("message", String, nullable=False),
    UniqueConstraint("user_id", "kind"),
)


def map_notifications_table() -> None:
    mapper_registry.map_imperatively(
        Notification,
        notifications_table,
        properties={
            "id_": notifications_table.c.id,
            "user_id": notifications_table.c.user_id,
            "kind": notifications_table.c.kind,
            "message": notifications_table.c.message,
        },
    )
