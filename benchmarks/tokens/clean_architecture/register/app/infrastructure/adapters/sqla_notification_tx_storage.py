from sqlalchemy.orm import Session

from app.core.commands.ports.notification_tx_storage import NotificationTxStorage
from app.core.common.entities.notification import Notification


class SqlaNotificationTxStorage(NotificationTxStorage):
    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, notification: Notification) -> None:
        self._session.add(notification)
