import pytest

from app.core.common.exceptions import InvalidValueError
from app.core.common.value_objects.email import Email
from app.core.common.value_objects.raw_password import RawPassword
from app.core.common.value_objects.user_name import UserName


def test_an_email_is_in_lower_case() -> None:
    assert Email("Ana@Example.com") == Email("ana@example.com")


@pytest.mark.parametrize("value", ["", "ana", "ana@example", "a na@example.com", f"{'a' * 243}@example.com"])
def test_not_every_text_is_an_email(value: str) -> None:
    with pytest.raises(InvalidValueError):
        Email(value)


@pytest.mark.parametrize("value", ["", "a" * 101])
def test_a_name_has_a_length(value: str) -> None:
    with pytest.raises(InvalidValueError):
        UserName(value)


@pytest.mark.parametrize("value", ["1234567", "a" * 1025])
def test_a_password_has_a_length(value: str) -> None:
    with pytest.raises(InvalidValueError):
        RawPassword(value)
