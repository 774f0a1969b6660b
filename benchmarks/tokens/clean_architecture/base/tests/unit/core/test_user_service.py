from unittest.mock import Mock, create_autospec

import pytest

from app.core.common.ports.password_hasher import PasswordHasher
from app.core.common.services.user import UserService
from app.core.common.value_objects.raw_password import RawPassword
from tests.factories import create_user


@pytest.fixture
def password_hasher() -> Mock:
    hasher: Mock = create_autospec(PasswordHasher, instance=True)
    return hasher


@pytest.fixture
def user_service(password_hasher: Mock) -> UserService:
    return UserService(password_hasher)


@pytest.mark.parametrize("is_valid", [True, False])
def test_a_password_is_checked_by_its_hash(user_service: UserService, password_hasher: Mock, is_valid: bool) -> None:
    password_hasher.verify.return_value = is_valid
    password = RawPassword("correct horse")

    assert user_service.is_password_valid(create_user(password_hash="stored"), password) is is_valid
    password_hasher.verify.assert_called_once_with(password, "stored")
