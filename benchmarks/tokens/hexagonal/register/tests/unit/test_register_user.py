import pytest

from app.application.register_user import RegisterUser
from app.domain.errors import EmailTakenError
from app.domain.events import UserCreated
from tests.fakes import FakeEvents, FakePasswords, FakeUnitOfWork


@pytest.fixture
def work() -> FakeUnitOfWork:
    return FakeUnitOfWork()


@pytest.fixture
def events() -> FakeEvents:
    return FakeEvents()


@pytest.fixture
def register_user(work: FakeUnitOfWork, events: FakeEvents) -> RegisterUser:
    return RegisterUser(lambda: work, FakePasswords(), events)


def test_a_new_user_is_stored_with_a_hash(register_user: RegisterUser, work: FakeUnitOfWork) -> None:
    user = register_user("Ana", "Ana@Example.com", "correct horse")

    assert work.users.rows == [user]
    assert (user.email, user.password_hash) == ("ana@example.com", "hash of correct horse")
    assert work.is_committed


def test_a_new_user_is_published(register_user: RegisterUser, events: FakeEvents) -> None:
    user = register_user("Ana", "ana@example.com", "correct horse")

    assert events.published == [UserCreated(user.id, "Ana")]


def test_an_email_is_taken_once(register_user: RegisterUser, events: FakeEvents) -> None:
    register_user("Ana", "ana@example.com", "correct horse")

    with pytest.raises(EmailTakenError):
        register_user("Bob", "ANA@example.com", "correct horse")
    assert len(events.published) == 1
