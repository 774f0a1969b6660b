"""A line to the broker that breaks, or falls silent: who publishes hears of it in time, or not at all with a log."""

import asyncio
import os
import threading
import time
from pathlib import Path

import pytest

from tests import redis_server
from tests.contracts.event_bus.plugins import Work, subscribe, until
from tests.proxy import Fault
from tests.tools.event_bus.brokers.lines import Line, line_to, stored, unstored
from tests.tools.event_bus.brokers.traffic import EVENT, Publisher, Subscriber, numbers_to, within
from tools.event_bus.contract import TransportDown

LASTS_S = float(os.environ.get("TEST_FAULT_LASTS_S", "2.5"))  # 600: nothing may grow meanwhile
pytestmark = [pytest.mark.slow, pytest.mark.timeout(60 + 2 * LASTS_S)]
LONGEST: list[Fault] = ["slow", "reset", "half", "drop"]
FAULTS = ["refuse", "blackhole", *(pytest.param(fault, marks=pytest.mark.longest) for fault in LONGEST)]
TIMEOUT_S = 1.0
SHORT = {"EVENT_BUS_TIMEOUT_S": "1"}
AT_ONCE_S = 0.5 if LASTS_S < 60 else 1.0  # the longest of tens of thousands is longer
BACK_WITHIN_S = 4.0
FOUND_OUT_WITHIN_S = {"rabbitmq": 16.0, "kafka": 25.0}
"""That what is received is half a line only: by a missing heartbeat, or a request that takes too long."""
SENT_PER_S = 500
TRIES_A_SECOND = 12
"""To connect: at most 20 a second at first, and less and less often."""


def in_use() -> tuple[int, int, int]:
    """Count tasks, but the proxy's and the subscription's eight; threads; and open files."""
    tasks = [task for task in asyncio.all_tasks() if task.get_name() not in ("proxy", "event_bus g")]
    threads = [one for one in threading.enumerate() if not one.name.startswith("asyncio_")]
    return len(tasks), len(threads), len(os.listdir("/proc/self/fd"))


async def back_to(before: tuple[int, int, int], line: Line, clients: int) -> None:
    """Wait until no more is in use than before; each client of the proxy costs three open files.

    A client that has just come back has up to three short tasks more; that they do not add up is tested by fifty cuts.
    """

    def is_back() -> bool:
        tasks, threads, files = in_use()
        more = max(0, line.proxy.open_count - clients)
        return tasks <= before[0] + 3 and threads <= before[1] and files <= before[2] + 3 * more + 2

    try:
        await within(10, is_back)
    except TimeoutError:
        names = sorted(f"{task.get_name()} {task.get_coro()}" for task in asyncio.all_tasks())
        pytest.fail(f"{before} with {clients} clients became {in_use()} with {line.proxy.open_count}: {names}")


@pytest.mark.parametrize("fault", FAULTS)
async def test_with_a_log_nobody_waits_for_the_broker_and_all_arrives_after_the_fault(
    any_line: Line, tmp_path: Path, fault: Fault
) -> None:
    async with stored(any_line.kind, any_line.url, f"sqlite:///{tmp_path}/app.db") as home:
        bus, subscriber = await home.boot(**SHORT), Subscriber()
        subscribe(bus, EVENT, subscriber.handle, group="g")
        await bus.on_ready()
        publisher = Publisher(bus)
        await publisher.publish(20)
        await within(10, lambda: subscriber.count == 20)
        before, clients, ends_at = in_use(), any_line.proxy.open_count, time.monotonic() + LASTS_S

        await any_line.proxy.switch(fault)
        while time.monotonic() < ends_at:
            await publisher.publish(5)
            await asyncio.sleep(0.05)
        await any_line.proxy.switch("pass")
        took_s = await within(30 + LASTS_S, lambda: subscriber.count >= publisher.count)

        assert subscriber.numbers == numbers_to(publisher.count)
        assert publisher.longest_s < AT_ONCE_S
        assert took_s < FOUND_OUT_WITHIN_S.get(any_line.kind, BACK_WITHIN_S) + publisher.count / SENT_PER_S
        await back_to(before, any_line, clients)


async def test_what_is_published_before_the_broker_is_there_comes_to_groups_that_are_new_to_it(
    any_line: Line, tmp_path: Path
) -> None:
    groups = {f"g{number}": Subscriber() for number in range(12)}
    await any_line.proxy.switch("refuse")
    async with stored(any_line.kind, any_line.url, f"sqlite:///{tmp_path}/app.db") as home:
        bus = await home.boot(**SHORT)
        for name, subscriber in groups.items():
            subscribe(bus, EVENT, subscriber.handle, group=name)
        await bus.on_ready()
        publisher = Publisher(bus)
        await publisher.publish(40)

        await any_line.proxy.switch("pass")
        await within(30, lambda: all(subscriber.count == 40 for subscriber in groups.values()))

    assert {name: subscriber.numbers for name, subscriber in groups.items()} == dict.fromkeys(groups, numbers_to(40))


async def test_a_process_that_does_not_reach_the_broker_holds_up_no_other_one(tmp_path: Path) -> None:
    subscriber, db_url = Subscriber(), f"sqlite:///{tmp_path}/app.db"
    with redis_server.server(is_durable=True) as server:
        async with (
            line_to("redis", server) as line,
            stored("redis", f"{server.url}?{line.url.partition('?')[2]}", db_url) as home,
            stored("redis", line.url, db_url) as cut_off_home,
        ):
            cut_off, bus = await cut_off_home.boot(**SHORT), await home.boot(**SHORT)
            subscribe(bus, EVENT, subscriber.handle, group="g")
            await cut_off.on_ready()
            await line.proxy.switch("refuse")
            await bus.on_ready()
            first, second = Publisher(cut_off), Publisher(bus)
            await first.publish(20)
            second.count = first.count
            await second.publish(20)

            await within(20, lambda: subscriber.count >= second.count)

    assert subscriber.numbers == numbers_to(40)


@pytest.mark.parametrize("fault", FAULTS)
async def test_without_a_log_a_publish_is_refused_in_time_and_taken_after_the_fault(
    any_line: Line, fault: Fault
) -> None:
    async with unstored(any_line.url) as home:
        bus, subscriber = await home.boot(**SHORT), Subscriber()
        subscribe(bus, EVENT, subscriber.handle, group="g")
        await bus.on_ready()
        publisher = Publisher(bus)
        await publisher.publish(20)
        await within(10, lambda: subscriber.count == 20)
        before, clients, tries = in_use(), any_line.proxy.open_count, any_line.proxy.connections

        await any_line.proxy.switch(fault)
        stored_s, refused_s = await tried(bus)
        tried_again = any_line.proxy.connections - tries
        await any_line.proxy.switch("pass")
        await accepted(publisher)
        await publisher.publish(20)
        await within(
            FOUND_OUT_WITHIN_S.get(any_line.kind, BACK_WITHIN_S),
            lambda: sum(map(len, subscriber.unique.values())) == publisher.count,
        )

        assert max([*stored_s, *refused_s]) < TIMEOUT_S + AT_ONCE_S
        assert refused_s or fault == "slow"
        assert tried_again <= TRIES_A_SECOND * LASTS_S * max(clients, 1)
        assert subscriber.unique == numbers_to(publisher.count)
        await back_to(before, any_line, clients)


async def test_what_was_due_while_the_broker_was_away_is_told_when_it_is_lost(
    any_line: Line, caplog: pytest.LogCaptureFixture
) -> None:
    async with unstored(any_line.url) as home:
        bus = await home.boot(**SHORT)
        await bus.on_ready()
        await any_line.proxy.switch("refuse")
        await bus.publish(EVENT, 1, delay=0.1)
        await until(lambda: "event_bus goes on trying" in caplog.text)
        await home.end(bus)

    assert "event_bus lost 1 events at shutdown that were due" in caplog.text


async def tried(bus: Work) -> tuple[list[float], list[float]]:
    """Have ten tasks publish for a while; give the seconds that each took which was stored, and which was refused."""
    stored_s, refused_s, ends_at = list[float](), list[float](), time.monotonic() + LASTS_S

    async def publish() -> None:
        while time.monotonic() < ends_at:
            began = time.monotonic()
            try:
                await bus.publish("other", 1)
                stored_s.append(time.monotonic() - began)
            except TransportDown:
                refused_s.append(time.monotonic() - began)
            await asyncio.sleep(0.02)

    await asyncio.gather(*(publish() for _ in range(10)))
    return stored_s, refused_s


async def accepted(publisher: Publisher) -> None:
    """Publish until it is taken."""
    async with asyncio.timeout(BACK_WITHIN_S):
        while True:
            try:
                return await publisher.publish()
            except TransportDown:
                await asyncio.sleep(0.02)
