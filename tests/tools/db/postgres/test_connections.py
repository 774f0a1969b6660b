"""No connection is lost, and none is trusted whose end was not seen: cut cables, dead servers, silence."""

import asyncio
from time import monotonic
from typing import Any

import pytest

from tests.contracts.db.people import standing
from tests.postgres import run_at
from tests.tools.db.postgres.cable import Cable, check_whole
from tools.db.contract import Db, DbError, Unavailable, UnitClosedError, UnknownOutcomeError

# ------------------------------------------------------------ no answer


async def test_a_commit_without_an_answer_is_an_unknown_outcome(db: Db, wire: Cable) -> None:
    calls: list[str] = []

    with pytest.raises(UnknownOutcomeError) as caught:
        async with db.transaction():
            await db.execute("INSERT INTO t (n) VALUES (1)")
            db.after_commit(lambda: calls.append("stored"))
            wire.cut_at = b"COMMIT"
    wire.cut_at = b""

    assert (caught.value.status, caught.value.retry_after_s, calls) == (503, None, [])
    assert await db.query("SELECT n FROM t") == [{"n": 1}]
    await check_whole(db)


async def test_a_write_without_an_answer_is_an_unknown_outcome(db: Db, wire: Cable) -> None:
    await db.execute("INSERT INTO t (n) VALUES (?)", (1,))
    wire.cut_at = b"\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00\x00\x02"  # the value 2

    with pytest.raises(UnknownOutcomeError):
        await db.execute("INSERT INTO t (n) VALUES (?)", (2,))
    wire.cut_at = b""

    assert await db.query("SELECT n FROM t ORDER BY n") == [{"n": 1}, {"n": 2}]


async def test_a_read_without_an_answer_is_unavailable(db: Db, wire: Cable) -> None:
    wire.cut_at = b"SELECT 7"

    with pytest.raises(Unavailable) as caught:
        await db.query("SELECT 7 AS n")
    wire.cut_at = b""

    assert (caught.value.status, caught.value.retry_after_s) == (503, 1.0)
    await check_whole(db)


async def test_a_transaction_that_lost_its_connection_can_only_be_left(db: Db, wire: Cable) -> None:
    with pytest.raises(UnitClosedError, match="start it anew"):
        async with db.transaction():
            await db.execute("INSERT INTO t (n) VALUES (1)")
            wire.cut()
            with pytest.raises(Unavailable):
                await db.query("SELECT 1")
            with pytest.raises(UnitClosedError, match="rolled it back"):
                await db.query("SELECT 1")

    assert await db.query("SELECT * FROM t") == []
    await check_whole(db)


async def test_connections_that_died_while_idle_are_not_handed_out(db: Db, wire: Cable) -> None:
    await asyncio.gather(*(db.query("SELECT pg_sleep(0.05)") for _ in range(3)))
    wire.cut()
    await asyncio.sleep(0.05)

    async with db.transaction():
        await db.execute("INSERT INTO t (n) VALUES (1)")
    assert await db.execute("INSERT INTO t (n) VALUES (2)") == 2
    await check_whole(db)


async def test_a_backend_that_an_administrator_ended_is_a_503(db: Db, postgres_url: str) -> None:
    slow = asyncio.create_task(db.query("SELECT pg_sleep(30)"))
    await asyncio.sleep(0.1)

    await run_at(
        postgres_url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'"
    )

    with pytest.raises(Unavailable):
        await slow
    await check_whole(db)


# ------------------------------------------------------------ silence


async def test_a_server_that_says_nothing_is_given_up(wire: Cable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.db.postgres.server._GRACE_S", 0.1)
    async with standing(wire.url, DB_TIMEOUT_S="0.2", DB_WAIT_TIMEOUT_S="0.2") as db:
        await db.execute("CREATE TABLE t (n INTEGER)")
        wire.is_silent = True
        begin = monotonic()

        with pytest.raises(Unavailable):
            await db.query("SELECT 1")
        with pytest.raises(Unavailable):  # a new connection hears nothing either
            await db.execute("INSERT INTO t VALUES (1)")

        assert monotonic() - begin < 2
        wire.is_silent = False
        wire.cut()
        assert await db.query("SELECT * FROM t") == []


async def test_readiness_answers_within_two_seconds_whatever_the_server_does(wire: Cable) -> None:
    async with standing(wire.url) as work:
        db: Any = work
        await db.check_health()
        wire.is_silent = True
        begin = monotonic()

        with pytest.raises(Unavailable, match=r"did not answer|while connecting"):
            await db.check_health()

        assert monotonic() - begin < 2.2
        wire.is_silent = False
        wire.cut()
        await asyncio.sleep(0.05)
        await db.check_health()


async def test_readiness_does_not_wait_for_slow_statements(wire: Cable) -> None:
    async with standing(wire.url, DB_POOL_SIZE="1") as work:
        db: Any = work
        slow = asyncio.create_task(db.query("SELECT pg_sleep(30)"))
        await asyncio.sleep(0.1)
        begin = monotonic()

        await db.check_health()

        assert monotonic() - begin < 1
        slow.cancel()
        await asyncio.wait({slow})
        await check_whole(db)


# ------------------------------------------------------------ nobody there


async def test_a_server_that_is_away_is_a_503_at_once_and_back_without_a_restart(db: Db, wire: Cable) -> None:
    await wire.pull()
    await asyncio.sleep(0.05)
    begin = monotonic()

    for _ in range(5):
        with pytest.raises(Unavailable):
            await db.query("SELECT 1")
        with pytest.raises(Unavailable):
            async with db.transaction():
                pass
        with pytest.raises(Unavailable):
            async for _row in db.stream("SELECT 1"):
                pass

    assert monotonic() - begin < 1
    await wire.plug()
    assert await db.execute("INSERT INTO t (n) VALUES (1)") == 1
    await check_whole(db)


async def test_a_server_that_is_away_at_boot_is_told_with_what_to_do(wire: Cable) -> None:
    await wire.pull()

    with pytest.raises(DbError, match=r"^db cannot use postgresql:///test_\w+: .*: start it, or correct DATABASE_URL$"):
        async with standing(wire.url):
            pass
