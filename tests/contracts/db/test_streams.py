"""Rows some at a time: left early, inside a transaction, beside others that write."""

import asyncio
from contextlib import aclosing

import pytest

from tests.contracts.db.people import User, add, emails, standing
from tools.db.contract import Db, DbError, QueryTimeoutError, Unavailable, UnitClosedError


async def test_a_stream_gives_every_row_in_order(db: Db) -> None:
    await db.execute_many("INSERT INTO loose VALUES (?)", [(n,) for n in range(1234)])

    assert [row["x"] async for row in db.stream("SELECT x FROM loose ORDER BY x")] == list(range(1234))


async def test_a_stream_gives_structs(db: Db) -> None:
    await add(db, "a")

    rows = db.stream("SELECT id, email FROM users WHERE email = :e", {"e": "a"}, into=User)

    assert [row async for row in rows] == [User(1, "a")]


async def test_a_stream_left_early_makes_room_for_the_next(db: Db) -> None:
    await db.execute_many("INSERT INTO loose VALUES (?)", [(n,) for n in range(2000)])

    for _ in range(3):  # one at a time is allowed here
        async with aclosing(db.stream("SELECT x FROM loose")) as rows:
            async for _row in rows:
                break

    await db.execute("DROP TABLE loose")


async def test_a_loop_that_breaks_closes_its_stream(db: Db) -> None:
    await db.execute_many("INSERT INTO loose VALUES (?)", [(n,) for n in range(2000)])

    for _ in range(3):
        async for _row in db.stream("SELECT x FROM loose"):
            break

    assert await add(db, "a") == 1


async def test_a_stream_inside_a_transaction_sees_it_and_may_be_left(db: Db) -> None:
    async with db.transaction():
        await db.execute_many("INSERT INTO loose VALUES (?)", [(n,) for n in range(2000)])
        async for row in db.stream("SELECT x FROM loose ORDER BY x"):
            assert row == {"x": 0}
            break
        await add(db, "a")

    assert await emails(db) == ["a"]


async def test_one_may_write_while_a_stream_is_open(db: Db) -> None:
    await db.execute_many("INSERT INTO loose VALUES (?)", [(n,) for n in range(1000)])

    async for row in db.stream("SELECT x FROM loose"):
        if row["x"] % 100 == 0:
            await add(db, f"u{row['x']}")

    assert len(await emails(db)) == 10


async def test_a_stream_only_reads(db: Db) -> None:
    with pytest.raises(DbError, match="give it to execute"):
        async for _row in db.stream("DELETE FROM users RETURNING id"):
            pass


async def test_a_query_with_the_function_replace_only_reads(db: Db) -> None:
    await add(db, "a")
    sql = "WITH found AS (SELECT id, replace(email, 'a', 'b') AS email FROM users) SELECT email FROM found"

    assert [row["email"] async for row in db.stream(sql)] == ["b"]


async def test_a_stream_of_nothing_ends_at_once(db: Db) -> None:
    assert [row async for row in db.stream("SELECT x FROM loose")] == []


async def test_a_stream_that_fails_says_why_and_makes_room(db: Db) -> None:
    for _ in range(3):
        with pytest.raises(DbError, match="nowhere"):
            async for _row in db.stream("SELECT * FROM nowhere"):
                pass

    assert [row async for row in db.stream("SELECT 1 AS n")] == [{"n": 1}]


async def test_a_transaction_inside_the_loop_of_a_stream_may_fail_alone(db: Db) -> None:
    await db.execute_many("INSERT INTO loose VALUES (?)", [(n,) for n in range(1200)])

    async with db.transaction():
        async for row in db.stream("SELECT x FROM loose ORDER BY x"):
            if row["x"] in (100, 900):
                with pytest.raises(ZeroDivisionError):
                    async with db.transaction():
                        await add(db, "undone")
                        raise ZeroDivisionError
        await add(db, "a")

    assert await emails(db) == ["a"]


async def test_a_statement_that_is_cut_while_an_inner_stream_is_open_costs_only_its_transaction(
    url: str, for_ever: str
) -> None:
    async with standing(url, DB_TIMEOUT_S="0.3") as db:
        await db.execute("CREATE TABLE loose (x INTEGER)")
        await db.execute_many("INSERT INTO loose VALUES (?)", [(n,) for n in range(2000)])

        with pytest.raises(QueryTimeoutError):
            async with asyncio.timeout(5), db.transaction(), db.transaction():
                async for _row in db.stream("SELECT x FROM loose"):
                    await db.query(for_ever)

        assert await db.execute("INSERT INTO loose VALUES (1)") == 1


async def test_a_stream_does_not_outlive_its_transaction(db: Db) -> None:
    await db.execute_many("INSERT INTO loose VALUES (?)", [(n,) for n in range(1200)])
    async with db.transaction():
        rows = db.stream("SELECT x FROM loose ORDER BY x")
        await anext(rows)

    with pytest.raises(UnitClosedError):
        async for _row in rows:
            pass


async def test_streams_over_the_limit_are_a_503(db: Db, url: str) -> None:
    if url == "sqlite://":
        pytest.skip("in memory a stream is read at once, and keeps nothing")
    first = db.stream("SELECT 1 AS n")
    await anext(first)

    with pytest.raises(Unavailable, match="DB_STREAMS"):
        await anext(db.stream("SELECT 2"))

    await first.aclose()
    assert [row async for row in db.stream("SELECT 3 AS n")] == [{"n": 3}]
