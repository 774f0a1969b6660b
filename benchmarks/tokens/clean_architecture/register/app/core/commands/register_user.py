from dataclasses import dataclass

from app.core.commands.ports.event_publisher import EventPublisher
from app.core.commands.ports.transaction_manager import TransactionManager
from app.core.commands.ports.user_tx_storage import UserTxStorage
from app.core.common.entities.types_ import UserId, UserRole
from app.core.common.events.user_created import UserCreated
from app.core.common.services.user import UserService
from app.core.common.value_objects.email import Email
from app.core.common.value_objects.raw_password import RawPassword
from app.core.common.value_objects.user_name import UserName


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterUserRequest:
    name: str
    email: str
    password: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterUserResponse:
    id: UserId
    name: str
    email: str
    role: UserRole


class RegisterUser:
    """
    - Open to everyone.
    - Stores a user, if the email is not taken.
    """

    def __init__(
        self,
        user_service: UserService,
        user_tx_storage: UserTxStorage,
        transaction_manager: TransactionManager,
        event_publisher: EventPublisher,
    ) -> None:
        self._user_service = user_service
        self._user_tx_storage = user_tx_storage
        self._transaction_manager = transaction_manager
        self._event_publisher = event_publisher

    def execute(self, request: RegisterUserRequest) -> RegisterUserResponse:
        user = self._user_service.create_user(
            name=UserName(request.name),
            email=Email(request.email),
            raw_password=RawPassword(request.password),
        )
        self._user_tx_storage.add(user)
        self._transaction_manager.commit()
        self._event_publisher.publish(UserCreated(user_id=user.id_, name=user.name.value))
        return RegisterUserResponse(id=user.id_, name=user.name.value, email=user.email.value, role=user.role)
