from unittest.mock import Mock, create_autospec

import pytest

from app.core.common.entities.types_ import UserRole
from app.core.common.ports.password_hasher import PasswordHasher
from app.core.common.services.user import UserService
from app.core.common.value_objects.email import Email
from app.core.common.value_objects.raw_password import RawPassword
from app.core.common.value_objects.user_name import UserName
from tests.factories import create_user


@pytest.fixture
def password_hasher() -> Mock:
    hasher: Mock = create_autospec(PasswordHasher, instance=True)
    return hasher


@pytest.fixture
def user_service(password_hasher: Mock) -> UserService:
    return UserService(password_hasher)


def test_a_new_user_has_a_hash_and_no_rights(user_service: UserService, password_hasher: Mock) -> None:
    password_hasher.hash.return_value = "hashed"
    name, email, password = UserName("Ana"), Email("ana@example.com"), RawPassword("correct horse")

    user = user_service.create_user(name=name, email=email, raw_password=password)

    assert (user.name, user.email, user.password_hash, user.role) == (name, email, "hashed", UserRole.USER)
    password_hasher.hash.assert_called_once_with(password)


@pytest.mark.parametrize("is_valid", [True, False])
def test_a_password_is_checked_by_its_hash(user_service: UserService, password_hasher: Mock, is_valid: bool) -> None:
    password_hasher.verify.return_value = is_valid
    password = RawPassword("correct horse")

    assert user_service.is_password_valid(create_user(password_hash="stored"), password) is is_valid
    password_hasher.verify.assert_called_once_with(password, "stored")
