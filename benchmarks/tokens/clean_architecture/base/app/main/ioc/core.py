from app.core.commands.ports.event_publisher import EventPublisher
from app.core.commands.ports.transaction_manager import TransactionManager
from app.core.commands.ports.user_tx_storage import UserTxStorage
from app.core.common.authorization.current_user_service import CurrentUserService
from app.core.common.ports.identity_provider import IdentityProvider
from app.core.common.ports.password_hasher import PasswordHasher
from app.core.common.services.user import UserService
from app.core.queries.list_notifications import ListNotifications
from app.core.queries.ports.notification_reader import NotificationReader
from app.infrastructure.adapters.argon2_password_hasher import Argon2PasswordHasher
from app.infrastructure.adapters.jwt_identity_provider import JwtIdentityProvider
from app.infrastructure.adapters.sqla_notification_reader import SqlaNotificationReader
from app.infrastructure.adapters.sqla_transaction_manager import SqlaTransactionManager
from app.infrastructure.adapters.sqla_user_tx_storage import SqlaUserTxStorage
from app.main.ioc.container import Container


def provide_core(container: Container, event_publisher: EventPublisher) -> None:
    # Services
    container.provide(UserService)
    container.provide(CurrentUserService)

    # Common ports
    container.provide_value(Argon2PasswordHasher(), provides=PasswordHasher)
    container.provide(JwtIdentityProvider, provides=IdentityProvider)

    # Ports of commands
    container.provide(SqlaUserTxStorage, provides=UserTxStorage)
    container.provide(SqlaTransactionManager, provides=TransactionManager)
    container.provide_value(event_publisher, provides=EventPublisher)

    # Ports of queries
    container.provide(SqlaNotificationReader, provides=NotificationReader)

    # Queries
    container.provide(ListNotifications)
