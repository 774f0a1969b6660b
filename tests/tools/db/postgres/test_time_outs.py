"""What is cut short, by time or by its caller, leaves its connection to the next."""

import asyncio
from time import monotonic

import pytest

from tests.contracts.db.people import standing
from tests.tools.db.postgres.cable import Cable, check_whole
from tools.db.contract import Db, QueryTimeoutError, Unavailable
from tools.db.postgres.pool import Pool
from tools.db.postgres.wire import Raw


async def test_a_statement_that_took_too_long_leaves_its_connection_usable(wire: Cable) -> None:
    async with standing(wire.url, DB_TIMEOUT_S="0.1", DB_POOL_SIZE="1") as db:
        await db.query("SELECT 1")
        connections = wire.connections

        for _ in range(5):
            with pytest.raises(QueryTimeoutError):
                await db.query("SELECT pg_sleep(10)")

        assert await db.query("SELECT 1 AS n") == [{"n": 1}]
        assert wire.connections == connections


async def test_cancelled_statements_end_at_the_server(db: Db, postgres_url: str) -> None:
    slow = [asyncio.create_task(db.query("SELECT pg_sleep(30)")) for _ in range(3)]
    await asyncio.sleep(0.2)

    for task in slow:
        task.cancel()
    await asyncio.wait(slow)

    await check_whole(db)
    running = "SELECT count(*) AS n FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'SELECT pg_sleep%'"
    assert await db.query_one(running) == {"n": 0}


async def test_who_waits_for_a_connection_and_is_cancelled_takes_none(db: Db) -> None:
    slow = [asyncio.create_task(db.query("SELECT pg_sleep(0.2)")) for _ in range(3)]
    await asyncio.sleep(0.1)
    waiting = [asyncio.create_task(db.query("SELECT 1")) for _ in range(20)]
    await asyncio.sleep(0)

    for task in waiting[::2]:
        task.cancel()
    await asyncio.wait([*slow, *waiting])

    assert [task.cancelled() for task in waiting] == [True, False] * 10
    await check_whole(db)


async def test_nothing_is_connected_after_the_shutdown(postgres_url: str, wire: Cable) -> None:
    async with standing(wire.url) as db:
        await asyncio.gather(*(db.query("SELECT 1") for _ in range(5)))
        rows = db.stream("SELECT generate_series(1, 10000) AS n")
        await anext(rows)

    await asyncio.sleep(0.05)
    assert not wire._writers
    with pytest.raises(Unavailable):
        async for _row in rows:
            pass


async def test_a_transaction_on_a_silent_connection_ends_soon(wire: Cable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.db.postgres.server._GRACE_S", 0.1)
    async with standing(wire.url, DB_TIMEOUT_S="0.2", DB_WAIT_TIMEOUT_S="0.2") as db:
        begin = monotonic()

        with pytest.raises(Unavailable):
            async with db.transaction():
                await db.query("SELECT 1")
                wire.is_silent = True
                await db.query("SELECT ? + 2", (1,))  # what was never run before is prepared first

        assert monotonic() - begin < 2


async def test_who_waits_for_a_connection_that_is_being_opened_at_the_shutdown_is_told_so() -> None:
    async def never() -> Raw:
        await asyncio.sleep(60)
        raise AssertionError

    pool = Pool(never, size=1, wait_s=5)
    opening, waiting = asyncio.create_task(pool.take()), asyncio.create_task(pool.take())
    await asyncio.sleep(0)

    await pool.close()

    answers = await asyncio.gather(opening, waiting, return_exceptions=True)
    assert [str(answer) for answer in answers] == [
        "the database is not available: try again (its connections were closed at the shutdown)"
    ] * 2


async def test_a_transaction_that_never_begins_is_a_503(db: Db, wire: Cable) -> None:
    wire.cut_at = b"BEGIN"

    with pytest.raises(Unavailable):
        async with asyncio.timeout(10), db.transaction():
            pass

    wire.cut_at = b""
    await check_whole(db)
