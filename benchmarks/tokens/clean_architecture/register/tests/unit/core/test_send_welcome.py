from unittest.mock import create_autospec

from app.core.commands.ports.notification_tx_storage import NotificationTxStorage
from app.core.commands.ports.transaction_manager import TransactionManager
from app.core.commands.send_welcome import SendWelcome
from app.core.common.entities.types_ import UserId
from app.core.common.events.user_created import UserCreated


def test_a_new_user_is_welcomed() -> None:
    storage = create_autospec(NotificationTxStorage, instance=True)
    transaction_manager = create_autospec(TransactionManager, instance=True)

    SendWelcome(storage, transaction_manager).execute(UserCreated(user_id=UserId(7), name="Ana"))

    [notification] = storage.add.call_args.args
    assert (notification.user_id, notification.kind, notification.message) == (7, "welcome", "Welcome, Ana!")
    transaction_manager.commit.assert_called_once_with()
