import pytest

from app.application.block_user import BlockUser
from app.domain.errors import UserNotFoundError
from app.domain.user import User
from tests.fakes import FakeUnitOfWork


def test_a_user_is_blocked() -> None:
    ana = User("Ana", "ana@example.com", "hash")
    work = FakeUnitOfWork(users=[ana])

    BlockUser(lambda: work)(ana.id)

    assert ana.is_blocked
    assert work.is_committed


def test_a_user_that_is_not_there_is_not_found() -> None:
    with pytest.raises(UserNotFoundError):
        BlockUser(FakeUnitOfWork)(99)
