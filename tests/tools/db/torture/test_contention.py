"""R7: many who read, modify and write one row lose no update, and who is beyond capacity is told so in time."""

import asyncio
from time import monotonic
from typing import Any

import asyncpg
import pytest

from tests.tools.db.torture.engines import standing
from tools.db.contract import Unavailable

POOL = 4
MOST_TRIES = 200
"""Each conflict means that somebody else went on: 20 writers cannot make one fail as often as this."""
NAMES_OF_CONFLICTS = {"SerializationError"}


@pytest.fixture
async def counter(db: Any) -> Any:
    await db.execute("CREATE TABLE counter (id INTEGER PRIMARY KEY, n INTEGER)")
    await db.execute("INSERT INTO counter (id, n) VALUES (1, 0)")
    return db


async def add_one(db: Any) -> None:
    async with db.transaction():
        row = await db.query_one("SELECT n FROM counter WHERE id = 1")
        await asyncio.sleep(0)
        await db.execute("UPDATE counter SET n = ? WHERE id = 1", (row["n"] + 1,))


async def add_one_at_last(db: Any) -> int:
    """Try again after a conflict, as a client does that is told to; answers with the number of tries."""
    for tries in range(1, MOST_TRIES + 1):
        try:
            await add_one(db)
            return tries
        except Exception as error:
            if type(error).__name__ not in NAMES_OF_CONFLICTS:
                raise
            await asyncio.sleep(0.001 * (tries % 7))
    raise AssertionError(f"{MOST_TRIES} conflicts in a row")


async def race(db: Any, writers: int, times: int) -> int:
    async def write() -> int:
        return sum([await add_one_at_last(db) for _ in range(times)])

    return sum(await asyncio.gather(*(write() for _ in range(writers))))


async def test_20_writers_that_read_modify_and_write_lose_no_update(counter: Any, engine: str) -> None:
    tries = await race(counter, writers=20, times=10)

    assert await counter.query_one("SELECT n FROM counter") == {"n": 200}
    assert tries == 200 or engine != "sqlite"  # where there is one writer, there is no conflict


@pytest.mark.slow
async def test_50_writers_a_hundred_times_each_lose_no_update(sqlite_url: str) -> None:
    async with standing(sqlite_url, DB_WAIT_TIMEOUT_S="30") as db:
        await db.execute("CREATE TABLE counter (id INTEGER PRIMARY KEY, n INTEGER)")
        await db.execute("INSERT INTO counter (id, n) VALUES (1, 0)")

        assert await race(db, writers=50, times=100) == 5_000

        assert await db.query_one("SELECT n FROM counter") == {"n": 5_000}


@pytest.mark.parametrize("others", [1, 40])
async def test_beyond_capacity_it_is_unavailable_after_the_bounded_wait(url: str, others: int, engine: str) -> None:
    """All units are taken and stay so: who comes then waits its time, is told 503, and later finds all as before."""
    async with standing(url, DB_WAIT_TIMEOUT_S="0.3", DB_POOL_SIZE=str(POOL)) as db:
        await db.execute("CREATE TABLE singles (n INTEGER)")
        released = asyncio.Event()
        holders = [asyncio.create_task(hold(db, released)) for _ in range(1 if engine == "sqlite" else POOL)]
        await asyncio.sleep(0.05)

        began_s = monotonic()
        refused = await asyncio.gather(*(add_single(db) for _ in range(others)), return_exceptions=True)
        waited_s = monotonic() - began_s

        released.set()
        await asyncio.gather(*holders, return_exceptions=True)
        assert {type(one) for one in refused} == {Unavailable}
        assert all(one.retry_after_s == 1 for one in refused if isinstance(one, Unavailable))
        assert 0.2 < waited_s < 1
        await add_single(db)
        assert await db.query("SELECT n FROM singles") == [{"n": 1}]


async def hold(db: Any, released: asyncio.Event) -> None:
    async with db.transaction():
        await db.query("SELECT count(*) AS c FROM singles")
        await released.wait()


async def add_single(db: Any) -> None:
    async with db.transaction():
        await db.execute("INSERT INTO singles (n) VALUES (1)")


async def test_another_process_that_holds_a_row_is_waited_for_within_the_bound(postgres_url: str) -> None:
    async with standing(postgres_url, DB_TIMEOUT_S="0.5") as db:
        await db.execute("CREATE TABLE counter (id INTEGER PRIMARY KEY, n INTEGER)")
        await db.execute("INSERT INTO counter (id, n) VALUES (1, 0)")
        other = await asyncpg.connect(postgres_url)
        await other.execute("BEGIN; UPDATE counter SET n = 7 WHERE id = 1")
        began_s = monotonic()

        with pytest.raises(Exception) as caught:
            await add_one(db)

        assert getattr(caught.value, "status", 500) in (503, 504)
        assert monotonic() - began_s < 2
        await other.execute("ROLLBACK")
        await other.close()
        await add_one_at_last(db)
        assert await db.query_one("SELECT n FROM counter") == {"n": 1}
