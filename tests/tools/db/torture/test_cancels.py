"""R3: cancelled at any moment, and again while it cleans up: nothing torn, nothing acknowledged lost, and all is free.

"Free" is asked through the door: as many units at once as before, each in time, and no thread or task more.
"""

import asyncio
import random
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import aclosing
from time import monotonic
from typing import Any

import pytest

from tests.tools.db.torture.engines import standing
from tests.tools.db.torture.workload import SCHEMA, STORED, TORN, WRITES, numbers

FREE_WITHIN_S = 5.0
READS_AT_ONCE = 20
POOL, STREAMS = 4, 3
SETTINGS = {"DB_POOL_SIZE": str(POOL), "DB_STREAMS": str(STREAMS)}


@pytest.fixture
async def tables(url: str) -> AsyncIterator[Any]:
    async with standing(url, **SETTINGS) as db:
        for statement in SCHEMA:
            await db.execute(statement)
        yield db


class Cancels:
    """Writes that are cancelled at random, and the numbers of those that were told that they are stored."""

    def __init__(self, db: Any, seed: int) -> None:
        self.db, self.random = db, random.Random(seed)
        self.acknowledged: set[int] = set()
        self.cancelled = 0

    async def write(self, number: int) -> None:
        await WRITES[number % len(WRITES)](self.db, number)
        self.acknowledged.add(number)

    async def longest_s(self) -> float:
        """Measure what one takes here, so that about half of the cancellations come before its end."""
        times_s = []
        for number in range(-len(WRITES), 0):
            began_s = monotonic()
            await self.write(number)
            times_s.append(monotonic() - began_s)
        return max(times_s)

    async def cancel(self, number: int, within_s: float) -> None:
        loop, task = asyncio.get_running_loop(), asyncio.create_task(self.write(number))
        delay_s = self.random.random() * within_s
        loop.call_later(delay_s, task.cancel)
        if self.random.random() < 0.5:
            loop.call_later(delay_s + self.random.random() * 0.001, task.cancel)  # while it cleans up
        await asyncio.wait({task})
        self.cancelled += task.cancelled()
        if not task.cancelled() and (error := task.exception()):
            check_may_be_tried_again(error)

    async def check(self) -> None:
        assert await numbers(self.db, TORN) == set()
        assert self.acknowledged - await numbers(self.db, STORED) == set()
        assert self.cancelled
        assert len(self.acknowledged) > len(WRITES)


async def check_free(db: Any, engine: str) -> None:
    """Take every place that there is, at once, and write in turn: what was not given back is missed here."""
    async with asyncio.timeout(FREE_WITHIN_S):
        await take_all(db, engine)
        for number, write in enumerate(WRITES):
            await write(db, 1_000_000 + number)
        await asyncio.gather(*(db.query("SELECT count(*) AS c FROM singles") for _ in range(READS_AT_ONCE)))
        async with asyncio.TaskGroup() as group:
            for number in range(READS_AT_ONCE):
                group.create_task(WRITES[0](db, 2_000_000 + number))
        await db.check_health()


async def take_all(db: Any, engine: str) -> None:
    await meet(lambda met: hold_a_unit(db, met), POOL if engine == "postgres" else 1)
    await meet(lambda met: hold_a_stream(db, met), STREAMS)


async def meet(hold: Callable[[asyncio.Barrier], Coroutine[Any, Any, None]], count: int) -> None:
    met = asyncio.Barrier(count)
    await asyncio.gather(*(hold(met) for _ in range(count)))


async def hold_a_unit(db: Any, met: asyncio.Barrier) -> None:
    async with db.transaction():
        await db.query("SELECT 1")
        await met.wait()


async def hold_a_stream(db: Any, met: asyncio.Barrier) -> None:
    async with aclosing(db.stream("SELECT 1")) as rows:
        await anext(rows)
        await met.wait()


async def settled() -> tuple[int, int]:
    """Count threads and tasks, once what was left to the loop's end of a stream is over."""
    await asyncio.sleep(0.1)
    return threading.active_count(), len(asyncio.all_tasks())


async def test_600_random_cancels_tear_nothing_and_lose_nothing(tables: Any, engine: str) -> None:
    run = Cancels(tables, seed=1)
    within_s = 2 * await run.longest_s()
    base = await settled()

    for number in range(600):
        await run.cancel(number, within_s)

    await run.check()
    await check_free(tables, engine)
    assert await settled() == base


async def test_200_cancelled_at_once_tear_nothing_and_lose_nothing(tables: Any, engine: str) -> None:
    run = Cancels(tables, seed=2)
    within_s = 100 * await run.longest_s()
    base = await settled()

    await asyncio.gather(*(run.cancel(number, within_s) for number in range(200)))

    await run.check()
    await check_free(tables, engine)
    assert await settled() == base


async def test_cancelled_after_each_turn_of_the_loop_nothing_is_torn(tables: Any, engine: str) -> None:
    """The moments that a clock seldom hits."""
    run = Cancels(tables, seed=3)

    for number in range(180):
        await cancelled_after(asyncio.create_task(run.write(number)), number // len(WRITES))

    assert await numbers(tables, TORN) == set()
    assert run.acknowledged - await numbers(tables, STORED) == set()
    await check_free(tables, engine)


async def test_those_who_are_cancelled_when_their_turn_comes_leave_it_to_the_next(tables: Any, engine: str) -> None:
    """All places are taken and given back at once; some who wait are cancelled about then."""
    chance = random.Random(5)

    async def hold() -> None:
        async with tables.transaction():
            await tables.query("SELECT 1")
            await released.wait()

    for number in range(60):
        released = asyncio.Event()
        holders = [asyncio.create_task(hold()) for _ in range(POOL if engine == "postgres" else 1)]
        await asyncio.sleep(0.005)
        waiting = [asyncio.create_task(WRITES[0](tables, 10 * number + place)) for place in range(8)]
        await asyncio.sleep(0)
        released.set()
        await asyncio.gather(*holders, *(cancelled_after(task, chance.randrange(60)) for task in waiting[::2]))
        for error in await asyncio.wait_for(asyncio.gather(*waiting[1::2], return_exceptions=True), FREE_WITHIN_S):
            check_may_be_tried_again(error)

    await check_free(tables, engine)


async def test_those_who_are_cancelled_while_connections_are_opened_lose_none(url: str, engine: str) -> None:
    async with standing(url, **SETTINGS) as db:
        for statement in SCHEMA:
            await db.execute(statement)
    chance = random.Random(4)
    for _ in range(12):
        async with standing(url, **SETTINGS) as db:
            tasks = [asyncio.create_task(reading(db)) for _ in range(2 * POOL)]
            await asyncio.sleep(chance.random() * 0.03)
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

            async with asyncio.timeout(FREE_WITHIN_S):
                await take_all(db, engine)


async def reading(db: Any) -> None:
    async for _ in db.stream("SELECT n FROM singles"):
        pass
    async with db.transaction():
        await db.query("SELECT n FROM singles")


def check_may_be_tried_again(error: BaseException | None) -> None:
    """Accept success, and what says that it may be tried again: the turn did not come, or there was a conflict."""
    assert error is None or getattr(error, "retry_after_s", None), repr(error)


async def cancelled_after(task: "asyncio.Task[None]", turns: int) -> None:
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task})
