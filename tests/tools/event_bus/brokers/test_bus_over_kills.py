"""A broker killed under publishers and handlers: nothing is lost, repeated or out of order, and nobody waits."""

import asyncio
import random
import sys
from pathlib import Path

import pytest

from tests.contracts.brokers.servers import KINDS
from tests.contracts.event_bus.plugins import subscribe
from tests.tools.event_bus.brokers.lines import line_to, stored
from tests.tools.event_bus.brokers.traffic import EVENT, Publisher, Subscriber, numbers_to, within

KILLS = {"rabbitmq": 12}
LONGEST = {"rabbitmq": [pytest.mark.longest]}  # a start of it takes four seconds
KILLED = [pytest.param(name, marks=LONGEST.get(name, [])) for name, kind in KINDS.items() if kind.outlives_kill]
BACK_WITHIN_S = {"rabbitmq": 4.0}
"""After the server answers; else two seconds. RabbitMQ's queues have to find their leaders then."""
AT_ONCE_S = 1.0  # two processors, which others use too


@pytest.mark.slow
@pytest.mark.timeout(240)
@pytest.mark.parametrize("kind", KILLED)
async def test_over_twenty_kills_each_group_handles_each_event_once_and_in_order(kind: str, tmp_path: Path) -> None:
    first, second, waits_s = Subscriber(), Subscriber(), list[float]()
    with KINDS[kind].run() as server:
        async with stored(kind, server.url, f"sqlite:///{tmp_path}/app.db") as home:
            bus = await home.boot()
            subscribe(bus, EVENT, first.handle, group="first")
            subscribe(bus, EVENT, second.handle, group="second")
            await bus.on_ready()
            publisher = Publisher(bus)
            async with asyncio.TaskGroup() as group:
                group.create_task(publisher.run())
                for _ in range(KILLS.get(kind, 20)):
                    await asyncio.sleep(random.uniform(0.05, 0.4))
                    await asyncio.to_thread(server.kill)
                    before = publisher.count
                    await within(5, lambda before=before: publisher.count > before + 10)  # type: ignore[misc]
                    await asyncio.to_thread(server.start)
                    before = first.count
                    waits_s.append(await within(10, lambda before=before: first.count > before))  # type: ignore[misc]
                publisher.is_over.set()
            await within(30, lambda: first.count >= publisher.count <= second.count)
    said = f"{publisher.count} events, publish took up to {publisher.longest_s:.3f} s, the first one came "
    print(f"{kind}: {said}up to {max(waits_s):.2f} s after a start", file=sys.stderr)
    assert first.numbers == numbers_to(publisher.count)
    assert second.numbers == numbers_to(publisher.count)
    assert publisher.longest_s < AT_ONCE_S
    assert max(waits_s) <= BACK_WITHIN_S.get(kind, 2.0)


@pytest.mark.slow
@pytest.mark.timeout(120)
async def test_over_twenty_cuts_of_kafka_each_group_handles_each_event_once_and_in_order(tmp_path: Path) -> None:
    first, second = Subscriber(), Subscriber()
    async with line_to("kafka", None) as line, stored("kafka", line.url, f"sqlite:///{tmp_path}/app.db") as home:
        bus = await home.boot()
        subscribe(bus, EVENT, first.handle, group="first")
        subscribe(bus, EVENT, second.handle, group="second")
        await bus.on_ready()
        publisher = Publisher(bus)
        async with asyncio.TaskGroup() as group:
            group.create_task(publisher.run())
            for _ in range(20):
                await asyncio.sleep(random.uniform(0.1, 0.5))
                line.proxy.cut()
            publisher.is_over.set()
        await within(40, lambda: first.count >= publisher.count <= second.count)
    assert first.numbers == numbers_to(publisher.count)
    assert second.numbers == numbers_to(publisher.count)
    assert publisher.longest_s < AT_ONCE_S
