from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.common.entities.types_ import UserId
from app.core.queries.models.notification import NotificationQm
from app.core.queries.ports.notification_reader import NotificationReader
from app.infrastructure.persistence_sqla.mappings.notification import notifications_table


class SqlaNotificationReader(NotificationReader):
    def __init__(self, session: Session) -> None:
        self._session = session

    def list_of_user(self, user_id: UserId) -> list[NotificationQm]:
        table = notifications_table.c
        query = select(table.id, table.kind, table.message).where(table.user_id == user_id).order_by(table.id.desc())
        return [NotificationQm(id=id, kind=kind, message=message) for id, kind, message in self._session.execute(query)]
