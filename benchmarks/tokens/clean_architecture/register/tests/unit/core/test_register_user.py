from unittest.mock import Mock, create_autospec

import pytest

from app.core.commands.exceptions import EmailAlreadyExistsError
from app.core.commands.ports.event_publisher import EventPublisher
from app.core.commands.ports.transaction_manager import TransactionManager
from app.core.commands.ports.user_tx_storage import UserTxStorage
from app.core.commands.register_user import RegisterUser, RegisterUserRequest, RegisterUserResponse
from app.core.common.entities.types_ import UserId, UserRole
from app.core.common.events.user_created import UserCreated
from app.core.common.services.user import UserService
from tests.factories import create_user

REQUEST = RegisterUserRequest(name="Ana", email="Ana@example.com", password="correct horse")


@pytest.fixture
def user_tx_storage() -> Mock:
    storage: Mock = create_autospec(UserTxStorage, instance=True)
    return storage


@pytest.fixture
def transaction_manager() -> Mock:
    manager: Mock = create_autospec(TransactionManager, instance=True)
    return manager


@pytest.fixture
def event_publisher() -> Mock:
    publisher: Mock = create_autospec(EventPublisher, instance=True)
    return publisher


@pytest.fixture
def register_user(user_tx_storage: Mock, transaction_manager: Mock, event_publisher: Mock) -> RegisterUser:
    user_service = create_autospec(UserService, instance=True)
    user_service.create_user.return_value = create_user(id_=7)
    return RegisterUser(user_service, user_tx_storage, transaction_manager, event_publisher)


def test_a_new_user_is_stored_and_published(
    register_user: RegisterUser, user_tx_storage: Mock, transaction_manager: Mock, event_publisher: Mock
) -> None:
    response = register_user.execute(REQUEST)

    assert response == RegisterUserResponse(id=UserId(7), name="Ana", email="ana@example.com", role=UserRole.USER)
    user_tx_storage.add.assert_called_once()
    transaction_manager.commit.assert_called_once_with()
    event_publisher.publish.assert_called_once_with(UserCreated(user_id=UserId(7), name="Ana"))


def test_an_email_that_is_taken_is_neither_stored_nor_published(
    register_user: RegisterUser, user_tx_storage: Mock, transaction_manager: Mock, event_publisher: Mock
) -> None:
    user_tx_storage.add.side_effect = EmailAlreadyExistsError

    with pytest.raises(EmailAlreadyExistsError):
        register_user.execute(REQUEST)
    transaction_manager.commit.assert_not_called()
    event_publisher.publish.assert_not_called()
