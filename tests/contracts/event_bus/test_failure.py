"""What fails is tried again, and then it is a dead letter; nobody loses a subscription by it."""

import asyncio
import logging
from collections.abc import Iterator
from datetime import UTC
from typing import Any

import pytest

from tests.contracts.event_bus.plugins import (
    Listener,
    OnlyId,
    UnspeakableError,
    UserCreated,
    Work,
    errors,
    settled,
    subscribe,
)
from tests.contracts.event_bus.works import in_memory


@pytest.fixture
def unlogged() -> Iterator[None]:
    """Log nothing: xdist cannot hand half a surrogate pair over, and hands over what was logged."""
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.usefixtures("unlogged")
@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ValueError("no"), "ValueError: no"),
        (LookupError("what a client sent: \0"), "LookupError: what a client sent: \\0"),
        (FileNotFoundError("caf\udce9.txt"), "FileNotFoundError: caf\\udce9.txt"),
        (UnspeakableError(), "UnspeakableError, whose text cannot be made: IndexError"),
        (SystemExit(3), "SystemExit: 3"),
        (KeyboardInterrupt(), "KeyboardInterrupt: "),
        (asyncio.CancelledError(), "CancelledError: "),
        (GeneratorExit("no"), "GeneratorExit: no"),
        (StopIteration("no"), "RuntimeError: coroutine raised StopIteration"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
async def test_a_callback_that_raises_loses_neither_later_events_nor_its_subscription(
    bus: Work, error: BaseException, text: str
) -> None:
    seen = list[Any]()

    async def handle(number: int) -> None:
        if number == 1:
            raise error
        seen.append(number)

    subscribe(bus, "said", handle, retries=0)
    await bus.on_ready()

    for number in range(3):
        await bus.publish("said", number)
    await settled(bus)

    assert (seen, await errors(bus)) == ([0, 2], [text])


@pytest.mark.parametrize(
    "error", [ValueError("no"), SystemExit(3), StopIteration("no")], ids=lambda e: type(e).__name__
)
async def test_a_def_that_raises_is_a_failure_too(bus: Work, error: BaseException) -> None:
    def handle(_payload: Any) -> None:
        raise error

    subscribe(bus, "said", handle, retries=0)
    await bus.on_ready()

    await bus.publish("said", 1)
    await settled(bus)

    (text,) = await errors(bus)
    assert type(error).__name__ in text


async def test_a_callback_that_cancels_the_task_it_runs_in_is_still_subscribed(bus: Work) -> None:
    seen = list[Any]()

    async def handle(number: int) -> None:
        seen.append(number)
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(0)

    subscribe(bus, "said", handle, retries=0)
    await bus.on_ready()

    for number in range(3):
        await bus.publish("said", number)
    await settled(bus)

    assert (seen, len(await bus.dead_letters())) == ([0, 1, 2], 3)


async def test_a_hundred_failures_unsubscribe_nobody(bus: Work, caplog: pytest.LogCaptureFixture) -> None:
    seen = list[Any]()

    async def handle(number: int) -> None:
        if number < 100:
            raise ValueError(number)
        seen.append(number)

    subscribe(bus, "said", handle, retries=0)
    await bus.on_ready()

    for number in range(101):
        await bus.publish("said", number)
    await settled(bus)

    assert seen == [100]
    assert sum("made.listener.handle failed 'said'" in record.message for record in caplog.records) == 100


async def test_a_dead_letter_says_all_about_itself(bus: Work, caplog: pytest.LogCaptureFixture) -> None:
    async def handle(user: UserCreated) -> None:
        raise ValueError(f"no room for {user.id}")

    subscribe(bus, "user.created", handle, retries=1, backoff=0)
    await bus.on_ready()

    event_id = await bus.publish("user.created", UserCreated(7, "ana@example.com"), key="7")
    await settled(bus)

    (letter,) = await bus.dead_letters()
    assert (letter.event, letter.group, letter.key) == ("user.created", "made.listener.handle", "7")
    assert (letter.state, letter.error, letter.attempts) == ("dead", "ValueError: no room for 7", 2)
    assert letter.payload == {"id": 7, "email": "ana@example.com"}
    assert (letter.event_id, letter.trace_id) == (event_id, event_id)
    assert letter.ended_at_utc is not None
    assert letter.published_at_utc.tzinfo is letter.ended_at_utc.tzinfo is UTC
    assert letter.published_at_utc <= letter.ended_at_utc
    assert f"made.listener.handle failed 'user.created' ({event_id}) for good in attempt 2" in caplog.text


async def test_a_payload_that_does_not_fit_fails_at_once_with_the_path(bus: Work) -> None:
    seen = list[OnlyId]()

    async def handle(user: OnlyId) -> None:
        seen.append(user)

    subscribe(bus, "said", handle)
    await bus.on_ready()

    await bus.publish("said", {"id": "seven"})
    await bus.publish("said", {"id": 8})
    await settled(bus)

    (letter,) = await bus.dead_letters()
    assert (letter.error, letter.attempts) == ("ValidationError: Expected `int`, got `str` - at `$.id`", 1)
    assert (letter.payload, seen) == ({"id": "seven"}, [OnlyId(8)])


async def test_what_fails_for_one_group_is_handled_by_another(bus: Work) -> None:
    listener = Listener()

    async def handle(_payload: Any) -> None:
        raise ValueError

    subscribe(bus, "said", handle, "made.failing", retries=0)
    subscribe(bus, "said", listener.handle, "made.fine")
    await bus.on_ready()

    await bus.publish("said", 1)
    await settled(bus)

    assert (listener.seen, [letter.group for letter in await bus.dead_letters()]) == ([1], ["made.failing.handle"])


@in_memory
async def test_in_memory_the_last_thousand_dead_letters_are_kept(bus: Work) -> None:
    async def handle(_payload: Any) -> None:
        raise ValueError

    subscribe(bus, "said", handle, retries=0)
    await bus.on_ready()

    for number in range(1_005):
        await bus.publish("said", number)
    await settled(bus)

    assert [letter.payload for letter in await bus.dead_letters(limit=2_000)] == list(range(5, 1_005))
