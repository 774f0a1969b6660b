from unittest.mock import Mock, create_autospec

import pytest

from app.core.commands.block_user import BlockUser, BlockUserRequest
from app.core.commands.exceptions import UserNotFoundError
from app.core.commands.ports.transaction_manager import TransactionManager
from app.core.commands.ports.user_tx_storage import UserTxStorage
from app.core.common.authorization.current_user_service import CurrentUserService
from app.core.common.entities.types_ import UserRole
from app.core.common.exceptions import AuthorizationError
from tests.factories import create_user

REQUEST = BlockUserRequest(user_id=7)


@pytest.fixture
def current_user_service() -> Mock:
    service: Mock = create_autospec(CurrentUserService, instance=True)
    service.get_current_user.return_value = create_user(role=UserRole.ADMIN)
    return service


@pytest.fixture
def user_tx_storage() -> Mock:
    storage: Mock = create_autospec(UserTxStorage, instance=True)
    storage.get_by_id.return_value = create_user(id_=7)
    return storage


@pytest.fixture
def transaction_manager() -> Mock:
    manager: Mock = create_autospec(TransactionManager, instance=True)
    return manager


@pytest.fixture
def block_user(current_user_service: Mock, user_tx_storage: Mock, transaction_manager: Mock) -> BlockUser:
    return BlockUser(current_user_service, user_tx_storage, transaction_manager)


def test_an_administrator_blocks_a_user(
    block_user: BlockUser, user_tx_storage: Mock, transaction_manager: Mock
) -> None:
    block_user.execute(REQUEST)

    assert user_tx_storage.get_by_id.return_value.is_blocked
    transaction_manager.commit.assert_called_once_with()


def test_nobody_else_blocks_a_user(
    block_user: BlockUser, current_user_service: Mock, transaction_manager: Mock
) -> None:
    current_user_service.get_current_user.return_value = create_user(role=UserRole.USER)

    with pytest.raises(AuthorizationError):
        block_user.execute(REQUEST)
    transaction_manager.commit.assert_not_called()


def test_a_user_that_is_not_there_is_not_found(block_user: BlockUser, user_tx_storage: Mock) -> None:
    user_tx_storage.get_by_id.return_value = None

    with pytest.raises(UserNotFoundError):
        block_user.execute(REQUEST)
