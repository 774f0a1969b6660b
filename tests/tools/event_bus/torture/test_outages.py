"""PostgreSQL crashes and comes back while events flow: nothing acknowledged is lost, and all goes on by itself.

publishers -> bus -> PostgreSQL -> bus -> handlers    stop -m immediate ... start, 3 times
"""

import asyncio
import itertools
import logging
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing

import pytest

from hookspecs import Refusal
from tests.tools.db.torture.server import Server, server
from tests.tools.event_bus.torture.roles import Order
from tests.tools.event_bus.torture.stage import Stage, booted, ended, settled, subscribe, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]
OUTAGES, OUTAGE_S, LOAD_S, PUBLISHERS = 3, 4.0, 1.0, 4
LINES_AN_OUTAGE = 60
BACK_WITHIN_S = 5.0


@pytest.fixture
def its() -> Iterator[Server]:
    with server() as its:
        yield its


class Flow:
    """Publishers and handlers that go on and on, and what they know."""

    def __init__(self, stage: Stage) -> None:
        self._stage, self._numbers = stage, itertools.count()
        self.acknowledged, self.handled = set[int](), list[tuple[int, float]]()
        self.is_over = False

    async def publish(self) -> None:
        while not self.is_over:
            number = next(self._numbers)
            try:
                await self._stage.bus.publish("order.placed", Order(number), key=f"k{number % 5}" if number % 2 else "")
                self.acknowledged.add(number)
            except Refusal:
                await asyncio.sleep(0.05)
            await asyncio.sleep(0.005)

    async def handle(self, order: Order) -> None:
        await asyncio.sleep(0.001)
        self.handled.append((order.n, time.monotonic()))

    async def store(self, order: Order) -> None:
        await self._stage.db.execute("INSERT INTO effects (n, attempt) VALUES (?, 1)", (order.n,))


async def test_three_crashes_lose_nothing_and_all_goes_on_by_itself(
    its: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    stage = await booted(its.url, DB_WAIT_TIMEOUT_S="1")
    flow, back_s, lines = Flow(stage), list[float](), list[int]()
    subscribe(stage, "order.placed", flow.handle, group="plain")
    subscribe(stage, "order.placed", flow.store, group="transactional", transactional=True)
    await stage.hooks.on_ready()
    publishing = [asyncio.create_task(flow.publish()) for _ in range(PUBLISHERS)]

    for _ in range(OUTAGES):
        await asyncio.sleep(LOAD_S)
        caplog.clear()
        await asyncio.to_thread(its.crash)
        await asyncio.sleep(OUTAGE_S)
        await asyncio.to_thread(its.start)
        lines.append(len([one for one in caplog.records if one.name.startswith("tools.event_bus")]))
        began_s = time.monotonic()
        await until(lambda began_s=began_s: flow.handled[-1][1] > began_s + 0.1)  # type: ignore[misc]
        back_s.append(time.monotonic() - began_s)
    flow.is_over = True
    await asyncio.gather(*publishing)
    await settled(stage)

    stored = Counter(row["n"] for row in await stage.db.query("SELECT n FROM effects"))
    letters = await stage.bus.dead_letters()
    await ended(stage)
    print(f"{len(flow.acknowledged)} events, back after {back_s}, lines {lines}")
    assert flow.acknowledged - {number for number, _ in flow.handled} == set()
    assert flow.acknowledged - set(stored) == set()
    assert (set(stored.values()), letters) == ({1}, [])
    assert max(back_s) < BACK_WITHIN_S
    assert max(lines) < LINES_AN_OUTAGE


async def test_a_shutdown_while_the_database_is_away_finishes_what_runs(sqlite_url: str) -> None:
    began, goes_on, seen = asyncio.Event(), asyncio.Event(), list[int]()

    async def handle(order: Order) -> None:
        began.set()
        await goes_on.wait()
        seen.append(order.n)

    stage = await booted(sqlite_url, DB_WAIT_TIMEOUT_S="0.1")
    subscribe(stage, "order.placed", handle)
    await stage.hooks.on_ready()
    async with stage.db.transaction():
        for number in range(3):
            await stage.bus.publish("order.placed", Order(number))
    await began.wait()

    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))) as other:
        other.execute("BEGIN IMMEDIATE")
        ending = asyncio.create_task(stage.hooks.on_shutdown())
        await asyncio.sleep(1)  # so long nobody can write
        other.rollback()
    goes_on.set()
    await asyncio.wait_for(ending, 10)

    rows = await stage.db.query("SELECT state, worker, attempts FROM _event_deliveries ORDER BY seq")
    await ended(stage)
    assert seen == [0]
    assert [tuple(row.values()) for row in rows] == [("done", rows[0]["worker"], 1), *[("waiting", "", 0)] * 2]
