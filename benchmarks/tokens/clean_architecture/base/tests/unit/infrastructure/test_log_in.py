from unittest.mock import Mock, create_autospec

import pytest

from app.core.commands.ports.user_tx_storage import UserTxStorage
from app.core.common.exceptions import AuthenticationError
from app.core.common.services.user import UserService
from app.infrastructure.auth_ctx.handlers.log_in import LogIn, LogInRequest, LogInResponse
from app.infrastructure.auth_ctx.jwt_processor import JwtProcessor
from tests.factories import create_user

REQUEST = LogInRequest(email="ana@example.com", password="correct horse")


@pytest.fixture
def user_tx_storage() -> Mock:
    storage: Mock = create_autospec(UserTxStorage, instance=True)
    storage.get_by_email.return_value = create_user()
    return storage


@pytest.fixture
def user_service() -> Mock:
    service: Mock = create_autospec(UserService, instance=True)
    service.is_password_valid.return_value = True
    return service


@pytest.fixture
def log_in(user_tx_storage: Mock, user_service: Mock) -> LogIn:
    jwt_processor = create_autospec(JwtProcessor, instance=True)
    jwt_processor.encode.return_value = "token"
    return LogIn(user_tx_storage, user_service, jwt_processor)


def test_the_right_password_gives_a_token(log_in: LogIn) -> None:
    assert log_in.execute(REQUEST) == LogInResponse(access_token="token")


def test_a_wrong_password_is_refused(log_in: LogIn, user_service: Mock) -> None:
    user_service.is_password_valid.return_value = False

    with pytest.raises(AuthenticationError):
        log_in.execute(REQUEST)


def test_an_unknown_user_is_refused(log_in: LogIn, user_tx_storage: Mock) -> None:
    user_tx_storage.get_by_email.return_value = None

    with pytest.raises(AuthenticationError):
        log_in.execute(REQUEST)
