"""R1: killed at any moment while it publishes and handles: nothing acknowledged is lost, no row is without its event.

    child: orders + events, effects   SIGKILL, at once another child on the same database, 200 times

What an at-least-once handler repeats is bounded: one delivery of each lane that is handled at the moment of the kill,
`concurrency` at most, as each is marked before the next of its lane begins.
"""

import asyncio
import random
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.tools.event_bus.torture.children import Child
from tests.tools.event_bus.torture.roles import shop
from tests.tools.event_bus.torture.stage import Stage, settled, standing

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]
Start = Callable[..., Child]
NUMBERS_A_LIFE = 600_000
LONGEST_LIFE_S = 0.2
"""From its first order on."""
CONCURRENCY = 8


def killed(start: Start, url: str, life: int, chance: random.Random, *, transactional: bool) -> set[int]:
    """Have a child live for a while, and give the orders that it acknowledged."""
    child = start(shop, url, life * NUMBERS_A_LIFE, transactional=transactional)
    child.wait_for("placed" if life % 4 else "ready")  # now and then before it does anything
    time.sleep(chance.random() * LONGEST_LIFE_S)
    child.kill()
    return {int(line[1]) for line in child.of("placed")}


async def repeated(stage: Stage, acknowledged: set[int]) -> int:
    """Compare what was acknowledged, what is stored and what was done; give how often something was done again."""
    orders = {row["n"] for row in await stage.db.query("SELECT n FROM orders")}
    events = await stage.db.query("SELECT body, state FROM _event_deliveries WHERE event = 'order.placed'")
    effects = [row["n"] for row in await stage.db.query("SELECT n FROM effects")]
    assert acknowledged - orders == set()
    assert sorted(row["body"] for row in events) == sorted(f'{{"n":{n}}}' for n in orders)
    assert {row["state"] for row in events} == {"done"}
    assert set(effects) == orders
    assert await stage.bus.dead_letters() == []
    return len(effects) - len(orders)


async def check_order(stage: Stage) -> None:
    """Each lane's effects are in the order of its events, where each repetition is that of the last one."""
    events = await stage.db.query("SELECT seq, lane, body FROM _event_deliveries ORDER BY seq")
    place = {int(row["body"][5:-1]): (row["lane"], row["seq"]) for row in events}
    last = dict[str, int]()
    for row in await stage.db.query("SELECT n FROM effects ORDER BY id"):
        lane, seq = place[row["n"]]
        assert seq >= last.get(lane, 0), f"{row['n']} of lane {lane!r} came late"
        last[lane] = seq


async def outlived(start: Start, url: str, kills: int, **how: Any) -> int:
    chance, acknowledged = random.Random(kills), set[int]()
    for life in range(1, kills + 1):
        acknowledged |= await asyncio.to_thread(killed, start, url, life, chance, **how)
        if url.startswith("sqlite"):
            check_file(Path(url.removeprefix("sqlite:///")), acknowledged)

    last = start(shop, url, 0, is_selling=False, **how)
    await asyncio.to_thread(last.wait_for, "ready")
    async with standing(url) as stage:
        await until_all_done(stage)
        found = await repeated(stage, acknowledged)
        await check_order(stage)
    print(f"{kills} kills, {len(acknowledged)} acknowledged, {found} repeated")
    assert len(acknowledged) > 5 * kills
    return found


async def until_all_done(stage: Stage) -> None:
    await settled(stage, 120)

    async def is_done() -> bool:
        rows = await stage.db.query("SELECT 1 AS one FROM _event_deliveries WHERE state <> 'done' LIMIT 1")
        return not rows

    async with asyncio.timeout(120):
        while not await is_done():
            await asyncio.sleep(0.05)


def check_file(path: Path, acknowledged: set[int]) -> None:
    """Look with nothing of ours in between; opening it recovers what the dead one left."""
    raw: Any = sqlite3.connect(path)
    stored = {n for (n,) in raw.execute("SELECT n FROM orders")}
    assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert acknowledged - stored == set()
    assert raw.execute("SELECT count(*) FROM _event_deliveries").fetchone() == (len(stored),)
    raw.close()


async def test_200_kills_lose_nothing_and_repeat_nothing_that_is_transactional(start: Start, sqlite_url: str) -> None:
    assert await outlived(start, sqlite_url, 200, transactional=True) == 0


async def test_200_kills_lose_nothing_and_repeat_at_most_one_delivery_of_each_lane(
    start: Start, sqlite_url: str
) -> None:
    assert await outlived(start, sqlite_url, 200, transactional=False) <= 200 * CONCURRENCY


async def test_40_kills_on_postgres_lose_nothing_and_repeat_nothing_that_is_transactional(
    start: Start, postgres_url: str
) -> None:
    assert await outlived(start, postgres_url, 40, transactional=True) == 0


async def test_40_kills_on_postgres_lose_nothing_and_repeat_at_most_one_delivery_of_each_lane(
    start: Start, postgres_url: str
) -> None:
    assert await outlived(start, postgres_url, 40, transactional=False) <= 40 * CONCURRENCY
