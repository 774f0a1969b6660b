"""How often, and when, what failed is tried again."""

import asyncio
from typing import Any

import pytest

from hookspecs import Refusal
from tests.contracts.event_bus.plugins import Work, errors, settled, subscribe
from tools.event_bus.contract import Envelope


@pytest.mark.parametrize(
    ("how", "attempts"), [({"retries": 0}, 1), ({"retries": 1}, 2), ({"retries": 4}, 5), ({}, 10)], ids=str
)
async def test_a_failing_event_has_one_attempt_and_its_retries(bus: Work, how: dict[str, Any], attempts: int) -> None:
    seen = list[int]()

    async def handle(_payload: Any, envelope: Envelope) -> None:
        seen.append(envelope.attempt)
        raise ValueError

    subscribe(bus, "said", handle, backoff=0, **how)
    await bus.on_ready()

    await bus.publish("said", 1)
    await settled(bus)

    assert seen == list(range(1, attempts + 1))
    assert [letter.attempts for letter in await bus.dead_letters()] == [attempts]


async def test_a_retry_comes_after_any_part_of_the_backoff(bus: Work) -> None:
    clock, failed, waited = asyncio.get_running_loop().time, dict[str, float](), list[float]()

    async def handle(_payload: Any, envelope: Envelope) -> None:
        if envelope.attempt == 1:
            failed[envelope.key] = clock()
            raise ValueError
        waited.append(clock() - failed[envelope.key])

    subscribe(bus, "said", handle, backoff=0.6, concurrency=40)
    await bus.on_ready()

    for number in range(40):  # so that it is next to impossible that all wait the same
        await bus.publish("said", number, key=str(number))
    await settled(bus)

    assert len(waited) == 40
    assert min(waited) < 0.3
    assert max(waited) - min(waited) > 0.2
    assert max(waited) < 3


async def test_a_retry_gets_a_fresh_copy(bus: Work) -> None:
    seen = list[Any]()

    async def handle(payload: dict[str, Any], envelope: Envelope) -> None:
        seen.append((payload.pop("number"), envelope.attempt))
        if envelope.attempt < 3:
            raise ValueError

    subscribe(bus, "said", handle, retries=2, backoff=0)
    await bus.on_ready()

    await bus.publish("said", {"number": 1})
    await settled(bus)

    assert (seen, await errors(bus)) == ([(1, 1), (1, 2), (1, 3)], [])


async def test_a_callback_that_met_another_one_and_did_nothing_is_called_again_which_is_no_attempt(
    bus: Work,
) -> None:
    seen = list[Any]()

    class Met(Refusal):
        runs_again = True

    async def handle(number: int, envelope: Envelope) -> None:
        seen.append((number, envelope.attempt))
        if number == 2 or len(seen) < 4:
            raise Met(503, "this was changed at the same time")

    subscribe(bus, "said", handle, retries=0)
    await bus.on_ready()

    await bus.publish("said", 1)
    await bus.publish("said", 2)
    await settled(bus)

    (letter,) = await bus.dead_letters()
    assert (seen[:4], letter.payload, letter.attempts) == ([(1, 1)] * 4, 2, 1)
    assert 4 < len(seen) <= 4 + 11


async def test_a_refusal_that_does_not_run_again_is_a_failure(bus: Work) -> None:
    async def handle(_payload: Any) -> None:
        raise Refusal(404, "there is no user 7")

    subscribe(bus, "said", handle, retries=0)
    await bus.on_ready()

    await bus.publish("said", 1)
    await settled(bus)

    assert await errors(bus) == ["Refusal: there is no user 7"]
