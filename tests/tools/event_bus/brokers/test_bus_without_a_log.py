"""A bus over a broker, with no database: what waits is with the broker, what is delayed or dead is with the process."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hookspecs import Trace
from tests.contracts.brokers.servers import KINDS
from tests.contracts.event_bus.plugins import REQUEST, Broken, Gate, Listener, Work, publish_in, subscribe, until
from tests.contracts.event_bus.works import Home
from tests.tools.event_bus.brokers.lines import Line, unstored
from tests.tools.event_bus.brokers.traffic import EVENT, Subscriber, numbers_to, within
from tools.event_bus.brokers.broker import Packet
from tools.event_bus.contract import BusFull, TransportDown

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[4]
SHORT = {"EVENT_BUS_TIMEOUT_S": "1"}
TAKEN_OVER_WITHIN_S = 20  # after a kill, until the broker or the lease lets another process receive


@pytest.fixture
async def home(url: str) -> AsyncIterator[Home]:
    async with unstored(url) as made:
        yield made


async def ready(home: Home, callback: Any, **how: Any) -> Work:
    """Have a process whose group `g` hears what is counted."""
    bus = await home.boot(**SHORT)
    subscribe(bus, EVENT, callback, group="g", **how)
    await bus.on_ready()
    return bus


async def counted(bus: Work, count: int, start: int = 0) -> None:
    for number in range(start, count):
        await bus.publish(EVENT, number, key=str(number % 4))


async def test_what_is_published_is_handled_in_the_order_of_each_key(home: Home) -> None:
    subscriber = Subscriber()
    bus = await ready(home, subscriber.handle)

    await counted(bus, 400)
    await within(10, lambda: subscriber.count == 400)

    assert subscriber.numbers == numbers_to(400)


async def test_the_order_of_a_key_holds_over_retries(home: Home) -> None:
    seen, failed = list[int](), set[int]()

    async def handle(number: int) -> None:
        if number % 3 == 0 and number not in failed:
            failed.add(number)
            raise ValueError(number)
        seen.append(number)

    bus = await ready(home, handle, backoff=0.01)
    for number in range(60):
        await bus.publish(EVENT, number, key="k")
    await within(10, lambda: len(seen) == 60)

    assert seen == list(range(60))


@pytest.mark.timeout(90)
async def test_what_a_killed_process_had_not_handled_comes_again(home: Home, url: str) -> None:
    bus = await home.boot(**SHORT)
    await bus.on_ready()
    command = [sys.executable, "-m", "tests.tools.event_bus.brokers.hanging", url]
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        async with asyncio.timeout(30):
            assert await process.stdout.readline() == b"ready\n"
            await counted(bus, 40)
            assert await process.stdout.readline() == b"began\n"
    finally:
        process.kill()
        assert await process.wait() == -signal.SIGKILL
    await counted(bus, 50, start=40)  # while nobody is there

    subscriber = Subscriber()
    await ready(home, subscriber.handle)
    await within(TAKEN_OVER_WITHIN_S, lambda: subscriber.count >= 50)

    assert subscriber.unique == numbers_to(50)


async def test_what_fails_for_good_is_a_dead_letter_of_this_process_and_can_be_replayed(home: Home) -> None:
    broken = Broken()
    bus = await ready(home, broken.handle, retries=1, backoff=0)

    for number in range(3):
        await bus.publish(EVENT, number)
    await until(lambda: broken.calls == 6)
    letters = await bus.dead_letters()
    broken.is_broken = False

    assert [(one.payload, one.attempts, one.error) for one in letters] == [
        (number, 2, f"ValueError: no {number}") for number in range(3)
    ]
    assert await bus.drop(letters[0].id) is True
    assert await bus.replay(letters[1].id) is True
    await until(lambda: broken.seen == [1])
    assert [one.payload for one in await bus.dead_letters()] == [2]


async def test_a_dead_letter_is_gone_with_its_process_and_does_not_come_again(home: Home) -> None:
    broken, listener = Broken(), Listener()
    first = await ready(home, broken.handle, retries=0)
    await first.publish(EVENT, "dead")
    await until(lambda: broken.calls == 1)
    await home.end(first)

    second = await ready(home, listener.handle)
    await second.publish(EVENT, "next")
    await within(10, lambda: bool(listener.seen))

    assert (listener.seen, await second.dead_letters()) == (["next"], [])


async def test_what_is_delayed_comes_later_and_in_the_order_of_its_times(home: Home) -> None:
    listener = Listener()
    bus = await ready(home, listener.handle)

    for number in (3, 1, 2):
        await bus.publish(EVENT, number, delay=number / 5)
    await bus.publish(EVENT, 0)
    assert await bus.pending() >= 3
    await until(lambda: len(listener.seen) == 4)

    assert listener.seen == [0, 1, 2, 3]


async def test_so_many_may_be_delayed_and_no_more(home: Home) -> None:
    bus = await home.boot(EVENT_BUS_QUEUE="2")
    await bus.on_ready()
    await bus.publish(EVENT, 1, delay=60)
    await bus.publish(EVENT, 2, delay=60)

    with pytest.raises(BusFull) as refused:
        await bus.publish(EVENT, 3, delay=60)

    assert refused.value.status == 503
    assert await bus.publish(EVENT, 4)


async def test_what_is_due_while_the_broker_is_away_is_bounded_and_comes_later_in_order(
    any_line: Line,
) -> None:
    async with unstored(any_line.url) as home:
        listener, bus = Listener(), await home.boot(EVENT_BUS_QUEUE="20", **SHORT)
        subscribe(bus, EVENT, listener.handle)
        await bus.on_ready()
        await bus.publish(EVENT, -1)
        await until(lambda: listener.seen == [-1])

        await any_line.proxy.switch("refuse")
        for number in range(20):
            await bus.publish(EVENT, number, delay=0.01 + number / 1_000)
        await asyncio.sleep(0.5)
        with pytest.raises(BusFull):
            await bus.publish(EVENT, 20, delay=0.01)
        assert await bus.pending() == 20
        await any_line.proxy.switch("pass")
        await within(10, lambda: len(set(listener.seen)) == 21)

    assert list(dict.fromkeys(listener.seen)) == list(range(-1, 20))


async def test_a_shutdown_finishes_what_is_under_way_and_none_of_it_comes_again(home: Home) -> None:
    gate, listener = Gate(), Listener()
    first = await ready(home, gate.handle)
    for number in range(10):
        await first.publish(EVENT, number)
    await gate.began.wait()

    ending = asyncio.create_task(home.end(first))
    await asyncio.sleep(0.1)
    gate.opened.set()
    await ending
    second = await ready(home, listener.handle)
    await second.publish(EVENT, 10)
    await within(10, lambda: 10 in listener.seen)

    assert gate.seen + listener.seen == list(range(11))


async def test_what_fails_at_the_shutdown_is_tried_by_the_next_process(home: Home) -> None:
    broken, listener = Broken(), Listener()
    first = await ready(home, broken.handle, backoff=60)
    for number in range(3):
        await first.publish(EVENT, number)
    await until(lambda: broken.calls == 1)
    async with asyncio.timeout(3):
        await home.end(first)

    await ready(home, listener.handle)
    await within(10, lambda: len(listener.seen) == 3)

    assert listener.seen == [0, 1, 2]
    assert broken.calls == 1


async def test_a_publish_while_the_broker_is_away_is_refused(any_line: Line) -> None:
    async with unstored(any_line.url) as home:
        bus = await ready(home, Listener().handle)
        await any_line.proxy.switch("refuse")

        with pytest.raises(TransportDown) as refused:
            for _ in range(100):  # the first one may be what finds it out
                await bus.publish(EVENT, 1)

        assert refused.value.status == 503


async def test_the_tree_has_an_event_once_with_how_its_group_got_on(home: Home) -> None:
    listener = Listener()
    bus = await ready(home, listener.handle)

    event_id = await publish_in(bus, REQUEST, EVENT)
    await publish_in(bus, Trace("trace-2", "request-2"), EVENT)
    await until(lambda: len(listener.seen) == 2)
    (found,) = await bus.trace("trace-1")

    assert (found.event_id, found.parent_id) == (event_id, "request-1")
    assert [(one.group, one.state) for one in found.deliveries] == [("g", "done")]


async def test_what_is_no_event_of_ours_is_left_out(
    server: tuple[str, Any], url: str, home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    listener = Listener()
    bus = await ready(home, listener.handle)
    await (other := KINDS[server[0]].broker(url, 5)).open({})
    await other.send([Packet(EVENT, "strange", "", b"\xff no event")])
    await other.close()

    await bus.publish(EVENT, 1)
    await within(10, lambda: listener.seen == [1])

    assert "no event of its own" in caplog.text
