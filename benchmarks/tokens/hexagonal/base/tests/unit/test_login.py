import pytest

from app.application.login import Login
from app.domain.errors import WrongCredentialsError
from app.domain.user import User
from tests.fakes import FakePasswords, FakeTokens, FakeUnitOfWork


@pytest.fixture
def login() -> Login:
    work = FakeUnitOfWork(users=[User("Ana", "ana@example.com", "hash of correct horse")])
    return Login(lambda: work, FakePasswords(), FakeTokens())


def test_the_right_password_gives_a_token(login: Login) -> None:
    assert login("Ana@example.com", "correct horse") == "1 user"


@pytest.mark.parametrize("email", ["ana@example.com", "nobody@example.com"])
def test_a_wrong_password_is_refused(login: Login, email: str) -> None:
    with pytest.raises(WrongCredentialsError):
        login(email, "wrong horse")
