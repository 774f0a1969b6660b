import pytest

from domains.users.models import Attempts, LoginSettings, WrongPasswordError
from hookspecs import Refusal
from tools.state.memory_state import MemoryState
from tools.state.memory_store import MemoryStore
from tools.state.settings import StateSettings


class Clock:
    """Seconds that pass when a test says so."""

    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def attempts(clock: Clock) -> Attempts:
    settings = LoginSettings(login_attempts_per_account=2, login_attempts_per_address=3, login_window_s=60)
    return Attempts(MemoryState(StateSettings(), MemoryStore(clock)), settings)


async def guess(attempts: Attempts, email: str = "ana@example.com", address: str = "") -> int:
    """Give a wrong password, and answer with the status."""
    try:
        async with attempts.one(email, address):
            raise WrongPasswordError
    except Refusal as refusal:
        return refusal.status


async def test_a_window_begins_with_the_first_wrong_password(attempts: Attempts, clock: Clock) -> None:
    statuses = [await guess(attempts) for _ in range(3)]
    clock.now_s += 60

    assert statuses == [401, 401, 429]
    assert await guess(attempts) == 401


async def test_a_right_password_at_the_end_of_a_window_is_no_free_attempt_in_the_next(
    attempts: Attempts, clock: Clock
) -> None:
    async with attempts.one("ana@example.com", ""):
        clock.now_s += 60

    assert [await guess(attempts) for _ in range(3)] == [401, 401, 429]


async def test_a_password_that_was_not_checked_does_not_count(attempts: Attempts) -> None:
    for _ in range(5):
        with pytest.raises(Refusal, match="busy"):
            async with attempts.one("ana@example.com", ""):
                raise Refusal(503, "busy")

    assert await guess(attempts) == 401


async def test_a_limited_address_does_not_use_up_the_attempts_of_an_account(attempts: Attempts) -> None:
    for n in range(3):
        await guess(attempts, f"{n}@example.com", "10.0.0.1")
    statuses = [await guess(attempts, address="10.0.0.1") for _ in range(5)]

    assert statuses == [429] * 5
    assert await guess(attempts, address="10.0.0.2") == 401


async def test_a_limited_account_does_not_use_up_the_attempts_of_an_address(attempts: Attempts) -> None:
    statuses = [await guess(attempts, address="10.0.0.1") for _ in range(5)]

    assert statuses == [401, 401, 429, 429, 429]
    assert await guess(attempts, "bob@example.com", "10.0.0.1") == 401


async def test_clients_without_an_address_share_no_limit(attempts: Attempts) -> None:
    statuses = [await guess(attempts, f"{n}@example.com") for n in range(10)]

    assert statuses == [401] * 10
