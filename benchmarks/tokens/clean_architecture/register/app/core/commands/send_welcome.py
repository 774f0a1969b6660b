from app.core.commands.ports.notification_tx_storage import NotificationTxStorage
from app.core.commands.ports.transaction_manager import TransactionManager
from app.core.common.entities.notification import Notification
from app.core.common.events.user_created import UserCreated


class SendWelcome:
    """- On `user.created`: stores a welcome."""

    def __init__(self, notification_tx_storage: NotificationTxStorage, transaction_manager: TransactionManager) -> None:
        self._notification_tx_storage = notification_tx_storage
        self._transaction_manager = transaction_manager

    def execute(self, event: UserCreated) -> None:
        self._notification_tx_storage.add(
            Notification(user_id=event.user_id, kind="welcome", message=f"Welcome, {event.name}!")
        )
        self._transaction_manager.commit()
