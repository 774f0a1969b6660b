"""R5: PostgreSQL crashes and comes back under load: nothing acknowledged is lost, and everybody is told in time.

8 writers -> app -> PostgreSQL   stop -m immediate ... start, 5 times
"""

import asyncio
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from time import monotonic
from typing import NamedTuple

import httpx
import pytest

from tests.tools.db.torture.server import Server, server
from tests.tools.db.torture.shop import Shop, check_problem, opened

RESTARTS = 5
WRITERS = 8
WAIT_S = 1.0
SLACK_S = 1.0
"""For a machine that is busy with other tests."""
LOAD_S, OUTAGE_S = 0.6, 0.8


class Told(NamedTuple):
    """What a writer was told, and from when to when it waited for that."""

    number: int
    answer: httpx.Response
    asked_s: float
    answered_s: float


class Load:
    """Writers that go on and on: half of them in a transaction over two tables."""

    def __init__(self, shop: Shop) -> None:
        self._shop, self._numbers, self.told = shop, count(1), list[Told]()
        self.is_over = False

    async def write(self) -> None:
        while not self.is_over:
            number, asked_s = next(self._numbers), monotonic()
            answer = await self._ask(number)
            self.told.append(Told(number, answer, asked_s, monotonic()))
            await asyncio.sleep(0.002 if answer.is_success else 0.02)

    async def _ask(self, number: int) -> httpx.Response:
        if number % 2:
            return await self._shop.client.put(f"/shop/visits/{number}")
        return await self._shop.client.post("/shop/deliveries", json={"item": str(number), "count": 1})

    async def first_success_after(self, since_s: float) -> float:
        """Wait for a request that was asked since then, and did what it should."""
        while True:
            for one in self.told[-5 * WRITERS :]:
                if one.asked_s >= since_s and one.answer.is_success:
                    return one.answered_s
            await asyncio.sleep(0.005)


class Outage(NamedTuple):
    """When the server was down for certain, and when it was back."""

    down_s: float
    starts_s: float
    back_s: float


@pytest.fixture
def its() -> Iterator[Server]:
    with server() as its:
        yield its


@pytest.mark.slow
async def test_5_crashes_of_the_server_under_8_writers_lose_nothing_and_last_no_longer_than_they_do(
    tmp_path: Path, its: Server
) -> None:
    async with opened(tmp_path, its.url, DB_WAIT_TIMEOUT_S=str(WAIT_S)) as shop:
        load, outages = Load(shop), list[Outage]()
        async with asyncio.TaskGroup() as writers:
            for _ in range(WRITERS):
                writers.create_task(load.write())
            for _ in range(RESTARTS):
                await asyncio.sleep(LOAD_S)
                outages.append(await crash(its, shop))
                back_s = outages[-1].back_s
                assert await asyncio.wait_for(load.first_success_after(back_s), 10) - back_s < 1
                assert (await shop.client.get("/health/ready")).status_code == 200
            load.is_over = True

        check_told(load.told, outages)
        await check_stored(shop, {one.number for one in load.told if one.answer.is_success})


async def crash(its: Server, shop: Shop) -> Outage:
    """Stop it, ask for the health meanwhile, and start it."""
    await asyncio.to_thread(its.crash)
    down_s = monotonic()
    ready = await shop.client.get("/health/ready")
    live = await shop.client.get("/health/live")
    await asyncio.sleep(OUTAGE_S)
    starts_s = monotonic()
    await asyncio.to_thread(its.start)
    assert (ready.status_code, live.status_code) == (503, 200)
    return Outage(down_s, starts_s, monotonic())


def check_told(told: list[Told], outages: list[Outage]) -> None:
    """Each is a success or a 503, in time; who asked while it was down is told when to ask again."""
    refused = [one for one in told if not one.answer.is_success]
    for one in refused:
        check_problem(one.answer, 503)
    assert max(one.answered_s - one.asked_s for one in told) < WAIT_S + SLACK_S
    for outage in outages:
        during = [one for one in refused if outage.down_s < one.asked_s and one.answered_s < outage.starts_s]
        assert len(during) >= WRITERS / 2
        assert {one.answer.headers.get("retry-after") for one in during} == {"1"}
    assert len(told) - len(refused) > 100


async def check_stored(shop: Shop, acknowledged: set[int]) -> None:
    visits = {row["n"] for row in await shop.db.query("SELECT n FROM visits")}
    deliveries = {int(row["item"]) for row in await shop.db.query("SELECT item FROM deliveries")}
    assert acknowledged - visits - deliveries == set()
    assert deliveries == {int(row["item"]) for row in await shop.db.query("SELECT item FROM stock")}, "torn"
