"""What was stored outlives the process: one that was shut down, one that was killed, and one that nobody hears of."""

import asyncio
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.contracts.event_bus.plugins import Gate, Listener, Work, arrived, settled, subscribe, until
from tests.contracts.event_bus.works import Home, durable
from tools.event_bus.contract import Envelope

pytestmark = durable
ROOT = Path(__file__).parents[3]
SHORT = {"EVENT_BUS_LEASE_S": "1"}


class Attempts:
    """A callback that keeps what it got, and in which attempt."""

    def __init__(self) -> None:
        self.seen = list[tuple[Any, int]]()

    async def handle(self, payload: Any, envelope: Envelope) -> None:
        self.seen.append((payload, envelope.attempt))


class Slow(Gate):
    """A gate that lets one after the other through, with time to shut down in between."""

    async def handle(self, payload: Any) -> None:
        await super().handle(payload)
        await asyncio.sleep(0.3)


async def listening(home: Home, listener: Any, **environ: str) -> Work:
    """Have a ready work on which group `g` handles `said`."""
    work = await home.boot(**environ)
    subscribe(work, "said", listener.handle, group="g", timeout=0.9, backoff=0)
    await work.on_ready()
    return work


async def killed(home: Home, retries: int = 9) -> None:
    """Have an event kill the process that handles it."""
    where = (home.name, home.db_url, home.bus_url)
    command = [sys.executable, "-m", "tests.contracts.event_bus.victim", *where, str(retries)]
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT)
    try:
        async with asyncio.timeout(30):
            assert await process.wait() == -signal.SIGKILL
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_what_waits_at_the_shutdown_is_handled_by_the_next_process(home: Home) -> None:
    gate, rest = Gate(), Listener()
    first = await listening(home, gate)
    for number in range(20):
        await first.publish("said", number)
    await gate.began.wait()

    ending = asyncio.create_task(home.end(first))
    await asyncio.sleep(0)
    gate.opened.set()
    await ending
    second = await listening(home, rest)
    await settled(second)

    assert gate.seen[0] == 0  # what had begun was ended
    assert gate.seen + rest.seen == list(range(20))


async def test_what_waits_at_the_shutdown_has_had_no_attempt(home: Home) -> None:
    gate, attempts = Slow(), Attempts()
    first = await listening(home, gate)
    await first.publish("said", "delayed", delay=0.5)
    for number in range(5):
        await first.publish("said", number)
    await gate.began.wait()

    ending = asyncio.create_task(home.end(first))
    await asyncio.sleep(0)
    gate.opened.set()
    await ending
    second = await listening(home, attempts)
    await settled(second)

    assert {attempt for _payload, attempt in attempts.seen} == {1}
    assert sorted(str(payload) for payload, _attempt in attempts.seen) == [*"01234"[len(gate.seen) :], "delayed"]
    assert len(attempts.seen) > 1  # or nothing was left by the first


async def test_what_a_callback_publishes_during_the_shutdown_is_stored(home: Home) -> None:
    first, gate, listener = await home.boot(), Gate(), Listener()

    async def handle(payload: Any) -> None:
        await gate.handle(payload)
        await first.publish("heard", payload)

    subscribe(first, "said", handle)
    subscribe(first, "heard", listener.handle, group="g")
    await first.on_ready()
    await first.publish("said", 1)
    await gate.began.wait()

    ending = asyncio.create_task(home.end(first))
    await asyncio.sleep(0)
    gate.opened.set()
    await ending
    second = await home.boot()
    subscribe(second, "said", handle)
    subscribe(second, "heard", listener.handle, group="g")
    await second.on_ready()
    await settled(second)

    assert (gate.seen, listener.seen) == ([1], [1])


async def test_what_was_being_handled_when_a_shutdown_was_cut_short_comes_again(home: Home) -> None:
    gate, attempts = Gate(), Attempts()
    first = await listening(home, gate, **SHORT)
    await first.publish("said", 1)
    await gate.began.wait()

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await home.end(first)
    second = await listening(home, attempts, **SHORT)
    await settled(second)

    assert (gate.seen, [payload for payload, _attempt in attempts.seen]) == ([], [1])


async def test_what_a_process_handled_that_nobody_hears_of_comes_again_in_the_next_attempt(home: Home) -> None:
    gate, attempts = Gate(), Attempts()
    first = await listening(home, gate, **SHORT)
    await arrived(first, *[await first.publish("said", number) for number in range(3)])
    await gate.began.wait()

    await home.cut_off(first)
    second = await listening(home, attempts, **SHORT)
    await settled(second)
    gate.opened.set()

    assert attempts.seen[0] == (0, 2)
    assert [payload for payload, _attempt in attempts.seen] == [0, 1, 2]


@pytest.mark.slow
async def test_an_event_that_is_tried_again_over_many_leases_is_handled_once(home: Home) -> None:
    gate, other_gate = Gate(), Gate()
    works = [await home.boot(**SHORT), await home.boot(**SHORT)]
    for work, one in zip(works, (gate, other_gate), strict=True):
        subscribe(work, "said", one.handle, group="g", timeout=0.9, retries=900, backoff=0)
        await work.on_ready()

    await works[0].publish("said", 1)
    await asyncio.sleep(3.5)  # more than three leases, in which whoever has it is cut at its time-out again and again
    gate.opened.set()
    other_gate.opened.set()
    await settled(works[0])

    assert gate.seen + other_gate.seen == [1]


@pytest.mark.slow
async def test_an_event_whose_process_was_killed_comes_again_in_the_next_attempt(home: Home) -> None:
    first, attempts = await listening(home, Listener(), **SHORT), Attempts()
    await first.publish("said", 1, delay=0.1)
    await first.publish("said", 2, delay=0.1)
    await home.end(first)

    await killed(home)
    second = await listening(home, attempts, **SHORT)
    await settled(second)

    assert attempts.seen[0] == (1, 2)
    assert [payload for payload, _attempt in attempts.seen] == [1, 2]


@pytest.mark.slow
async def test_an_event_that_kills_its_process_is_a_dead_letter_after_all_attempts(home: Home) -> None:
    first, attempts = await listening(home, Listener(), **SHORT), Attempts()
    await first.publish("said", "poison", delay=0.1)
    await first.publish("said", "fine", delay=0.1)
    await home.end(first)

    for _ in range(2):
        await killed(home, retries=1)
    second = await home.boot(**SHORT)
    subscribe(second, "said", attempts.handle, group="g", timeout=0.9, retries=1)
    await second.on_ready()
    await settled(second)

    (letter,) = await second.dead_letters()
    assert (letter.payload, letter.attempts, letter.state) == ("poison", 2, "dead")
    assert [payload for payload, _attempt in attempts.seen] == ["fine"]


async def test_what_was_handled_does_not_come_again(home: Home) -> None:
    first_seen, second_seen = Listener(), Listener()
    first = await listening(home, first_seen)
    for number in range(20):
        await first.publish("said", number)
    await settled(first)
    await home.end(first)

    second = await listening(home, second_seen)
    await second.publish("said", 20)
    await settled(second)

    assert (first_seen.seen, second_seen.seen) == (list(range(20)), [20])


async def test_attempts_go_on_counting_over_a_restart(home: Home) -> None:
    seen = list[int]()

    async def handle(_payload: Any, envelope: Envelope) -> None:
        seen.append(envelope.attempt)
        raise ValueError

    async def started() -> Work:
        work = await home.boot()
        subscribe(work, "said", handle, group="g", retries=2, backoff=0.5)
        await work.on_ready()
        return work

    first = await started()
    await first.publish("said", 1)
    await until(lambda: seen)
    await home.end(first)
    second = await started()
    await settled(second)

    (letter,) = await second.dead_letters()
    assert (seen, letter.attempts) == ([1, 2, 3], 3)
