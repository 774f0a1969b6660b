"""Dead letters are listed, replayed and dropped."""

from typing import Any

import pytest

from tests.contracts.event_bus.plugins import Broken, Listener, Work, settled, subscribe, until
from tests.contracts.event_bus.works import Home, durable
from tools.event_bus.contract import DeadLetter, Envelope


async def failed(bus: Work, count: int = 1, **how: Any) -> Broken:
    """Have a subscriber to which so many events are dead letters; it fails until it is repaired."""
    broken = Broken()
    subscribe(bus, "said", broken.handle, **{"retries": 0, **how})
    await bus.on_ready()
    for number in range(count):
        await bus.publish("said", number)
    await settled(bus)
    return broken


async def test_dead_letters_are_listed_in_the_order_of_their_ids(bus: Work) -> None:
    await failed(bus, 7)

    letters = await bus.dead_letters()

    assert [letter.payload for letter in letters] == list(range(7))
    assert [letter.id for letter in letters] == sorted({letter.id for letter in letters})


async def test_dead_letters_are_listed_some_at_a_time(bus: Work) -> None:
    await failed(bus, 7)

    first = await bus.dead_letters(limit=3)
    second = await bus.dead_letters(after=first[-1].id, limit=3)
    third = await bus.dead_letters(after=second[-1].id, limit=3)

    assert [[letter.payload for letter in page] for page in (first, second, third)] == [[0, 1, 2], [3, 4, 5], [6]]
    assert await bus.dead_letters(after=third[-1].id) == []


async def test_a_hundred_dead_letters_are_listed_unless_more_are_asked_for(bus: Work) -> None:
    await failed(bus, 105)

    assert (len(await bus.dead_letters()), len(await bus.dead_letters(limit=1_000))) == (100, 105)


async def test_dead_letters_are_counted_by_group(bus: Work) -> None:
    assert await bus.failed() == {}
    await failed(bus, 7)
    [letter] = await bus.dead_letters(limit=1)
    await bus.drop(letter.id)

    assert await bus.failed() == {letter.group: 6}


@pytest.mark.parametrize("transport", ["memory", "sqlite", "postgres"], indirect=True)
async def test_a_payload_that_is_too_deep_to_be_read_here_hides_no_dead_letter(bus: Work) -> None:
    await failed(bus)
    deep: list[Any] = []
    for _ in range(800):
        deep = [deep]
    await bus.publish("said", deep)
    await settled(bus)

    async def listed_below(frames: int) -> list[DeadLetter]:
        return await listed_below(frames - 1) if frames else await bus.dead_letters()

    assert [letter.payload for letter in await listed_below(250)] == [0, "[" * 801 + "]" * 801]


async def test_what_is_replayed_is_handled_and_no_dead_letter_any_more(bus: Work) -> None:
    broken = await failed(bus, 3)
    letters = await bus.dead_letters()
    broken.is_broken = False

    assert await bus.replay(letters[1].id) is True
    await settled(bus)

    assert broken.seen == [1]
    assert [letter.payload for letter in await bus.dead_letters()] == [0, 2]


async def test_a_replay_has_all_attempts_anew_and_is_the_same_event(bus: Work) -> None:
    seen = list[tuple[str, int]]()

    async def handle(_payload: Any, envelope: Envelope) -> None:
        seen.append((envelope.event_id, envelope.attempt))
        raise ValueError

    subscribe(bus, "said", handle, retries=1, backoff=0)
    await bus.on_ready()
    event_id = await bus.publish("said", 1)
    await settled(bus)
    (letter,) = await bus.dead_letters()

    await bus.replay(letter.id)
    await settled(bus)

    assert seen == [(event_id, 1), (event_id, 2)] * 2


async def test_what_fails_again_after_a_replay_is_a_dead_letter_again(bus: Work) -> None:
    broken = await failed(bus)
    (before,) = await bus.dead_letters()

    assert await bus.replay(before.id) is True
    await settled(bus)
    (after,) = await bus.dead_letters()
    broken.is_broken = False
    assert await bus.replay(after.id) is True
    await settled(bus)

    assert (after.event_id, after.payload, after.attempts) == (before.event_id, 0, 1)
    assert (broken.calls, broken.seen, await bus.dead_letters()) == (3, [0], [])


async def test_a_replay_is_for_the_group_that_failed_only(bus: Work) -> None:
    listener = Listener()
    subscribe(bus, "said", listener.handle, "made.fine")
    broken = await failed(bus)
    (letter,) = await bus.dead_letters()
    broken.is_broken = False

    await bus.replay(letter.id)
    await settled(bus)

    assert (broken.seen, listener.seen) == ([0], [0])


async def test_what_is_replayed_to_a_group_that_is_gone_is_not_lost(bus: Work) -> None:
    broken = Broken()
    undo = subscribe(bus, "said", broken.handle, retries=0)
    subscribe(bus, "said", Listener().handle, "made.other")
    await bus.on_ready()
    await bus.publish("said", 1)
    await settled(bus)
    (letter,) = await bus.dead_letters()

    undo.close()
    await bus.replay(letter.id)

    async def is_there() -> bool:
        return [one.event_id for one in await bus.dead_letters()] == [letter.event_id]

    await until(is_there)


async def test_what_is_replayed_twice_is_handled_once(bus: Work) -> None:
    broken = await failed(bus)
    (letter,) = await bus.dead_letters()
    broken.is_broken = False

    answers = [await bus.replay(letter.id), await bus.replay(letter.id)]
    await settled(bus)

    assert (answers, broken.seen) == ([True, False], [0])


async def test_what_is_dropped_is_forgotten(bus: Work) -> None:
    broken = await failed(bus, 3)
    letters = await bus.dead_letters()
    broken.is_broken = False

    answers = [await bus.drop(letters[1].id), await bus.drop(letters[1].id), await bus.replay(letters[1].id)]
    await settled(bus)

    assert (answers, broken.seen) == ([True, False, False], [])
    assert [letter.payload for letter in await bus.dead_letters()] == [0, 2]


@pytest.mark.parametrize("call", ["replay", "drop"])
async def test_there_is_no_dead_letter_of_an_unknown_id(bus: Work, call: str) -> None:
    await failed(bus)

    assert await getattr(bus, call)(123_456_789) is False

    assert len(await bus.dead_letters()) == 1


@pytest.mark.parametrize("call", ["replay", "drop"])
async def test_what_is_delayed_is_no_dead_letter(bus: Work, call: str) -> None:
    listener = Listener()
    subscribe(bus, "said", listener.handle)
    await bus.on_ready()
    await bus.publish("said", 1, delay=600)

    assert [await getattr(bus, call)(id) for id in range(5)] == [False] * 5

    assert (await bus.pending(), listener.seen) == (1, [])


@durable
async def test_dead_letters_are_there_after_a_restart_and_can_be_replayed(home: Home) -> None:
    first = await home.boot()
    await failed(first, 2)
    before = await first.dead_letters()
    await home.end(first)

    second, listener = await home.boot(), Broken()
    listener.is_broken = False
    subscribe(second, "said", listener.handle)
    await second.on_ready()
    after = await second.dead_letters()
    await second.replay(after[0].id)
    await settled(second)

    assert after == before
    assert (listener.seen, len(await second.dead_letters())) == ([0], 1)
