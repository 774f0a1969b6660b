"""`async with db.transaction():` keeps all or nothing, also inside of another, and of one that failed nothing."""

import asyncio

import pytest

from tests.contracts.db.people import add, emails, in_fresh_context, standing
from tools.db.contract import Db, DbError, OutOfRangeError, ParameterError, Unavailable, UniqueError, UnitClosedError


async def test_what_a_transaction_did_is_kept(db: Db) -> None:
    async with db.transaction():
        await add(db, "a")
        await add(db, "b")

    assert await emails(db) == ["a", "b"]


async def test_a_transaction_that_raises_leaves_nothing(db: Db) -> None:
    with pytest.raises(ZeroDivisionError):
        async with db.transaction():
            await add(db, "a")
            raise ZeroDivisionError

    await add(db, "b")
    assert await emails(db) == ["b"]


async def test_a_transaction_sees_its_own_rows(db: Db) -> None:
    async with db.transaction():
        await add(db, "a")

        assert await emails(db) == ["a"]


async def test_a_transaction_may_do_nothing(db: Db) -> None:
    async with db.transaction():
        pass

    assert await emails(db) == []


# ------------------------------------------------------------ a statement that fails


async def test_a_statement_that_fails_leaves_its_transaction_failed(db: Db) -> None:
    await add(db, "a")

    with pytest.raises(UnitClosedError, match="that failed, a statement in it did, UniqueError: start it anew"):
        async with db.transaction():
            await add(db, "b")
            with pytest.raises(UniqueError):
                await add(db, "A")
            with pytest.raises(UnitClosedError, match=r"in a `transaction\(\)` of its own"):
                await add(db, "c")

    assert await emails(db) == ["a"]


async def test_an_error_that_leaves_the_block_is_the_one_that_is_raised(db: Db) -> None:
    await add(db, "a")

    with pytest.raises(UniqueError):
        async with db.transaction():
            await add(db, "b")
            await add(db, "A")

    assert await emails(db) == ["a"]


async def test_what_may_fail_is_tried_in_a_transaction_of_its_own(db: Db) -> None:
    async with db.transaction():
        await add(db, "a")
        with pytest.raises(UniqueError):
            async with db.transaction():
                await add(db, "b")
                await add(db, "A")
        await add(db, "c")

    assert await emails(db) == ["a", "c"]


async def test_a_statement_that_cannot_be_read_fails_it_too(db: Db) -> None:
    with pytest.raises(UnitClosedError):
        async with db.transaction():
            await add(db, "a")
            with pytest.raises(DbError):
                await db.query("SELECT nothing FROM users")

    assert await emails(db) == []


async def test_an_inner_one_cannot_begin_in_one_that_failed(db: Db) -> None:
    with pytest.raises(UnitClosedError, match="start it anew"):
        async with db.transaction():
            with pytest.raises(DbError):
                await db.query("SELECT nothing FROM users")
            with pytest.raises(UnitClosedError, match="leave its block"):
                async with db.transaction():
                    pass


async def test_parameters_that_do_not_fit_fail_no_transaction(db: Db) -> None:
    async with db.transaction():
        await add(db, "a")
        with pytest.raises(ParameterError):
            await db.query("SELECT ?")
        with pytest.raises(OutOfRangeError):
            await db.execute("INSERT INTO users (age) VALUES (?)", (2**63,))
        with pytest.raises(DbError, match="write `async with"):
            await db.execute("ROLLBACK")
        assert await db.query_one("SELECT ? + ? AS n", (1, 2)) == {"n": 3}

    assert await emails(db) == ["a"]


# ------------------------------------------------------------ one inside another


async def test_an_inner_transaction_can_fail_alone(db: Db) -> None:
    async with db.transaction():
        await add(db, "a")
        with pytest.raises(ZeroDivisionError):
            async with db.transaction():
                await add(db, "b")
                raise ZeroDivisionError
        async with db.transaction():
            await add(db, "c")

    assert await emails(db) == ["a", "c"]


async def test_transactions_may_be_five_deep(db: Db) -> None:
    async with db.transaction(), db.transaction(), db.transaction(), db.transaction():
        with pytest.raises(UniqueError):
            async with db.transaction():
                await add(db, "a")
                await add(db, "a")
        await add(db, "b")

    assert await emails(db) == ["b"]


async def test_an_inner_transaction_is_undone_with_its_outer_one(db: Db) -> None:
    with pytest.raises(ZeroDivisionError):
        async with db.transaction():
            async with db.transaction():
                await add(db, "a")
            raise ZeroDivisionError

    assert await emails(db) == []


async def test_execute_many_that_fails_inside_is_undone_alone(db: Db) -> None:
    async with db.transaction():
        await add(db, "a")
        with pytest.raises(UniqueError):
            await db.execute_many("INSERT INTO users (email) VALUES (?)", [("b",), ("A",)])
        await add(db, "c")

    assert await emails(db) == ["a", "c"]


async def test_a_schema_is_undone_too(db: Db) -> None:
    with pytest.raises(ZeroDivisionError):
        async with db.transaction():
            await db.execute("CREATE TABLE made_here (id INTEGER PRIMARY KEY)")
            raise ZeroDivisionError

    assert "made_here" not in [table.name for table in await db.describe_schema()]


# ------------------------------------------------------------ beside others


async def test_others_do_not_see_what_is_not_committed(db: Db) -> None:
    inside, go_on = asyncio.Event(), asyncio.Event()

    async def write() -> None:
        async with db.transaction():
            await add(db, "a")
            inside.set()
            await go_on.wait()
            raise ZeroDivisionError

    writing = asyncio.create_task(write())
    await inside.wait()
    reading = asyncio.create_task(emails(db))
    asyncio.get_running_loop().call_later(0.05, go_on.set)

    assert await reading == []
    with pytest.raises(ZeroDivisionError):
        await writing


async def test_who_waits_too_long_for_a_turn_is_told_503(url: str) -> None:
    async with standing(url, DB_POOL_SIZE="1", DB_WAIT_TIMEOUT_S="0.1") as db:

        async def other() -> None:
            async with db.transaction():
                raise AssertionError

        async with db.transaction():
            with pytest.raises(Unavailable) as caught:
                await in_fresh_context(other())

        assert (caught.value.status, caught.value.retry_after_s) == (503, 1.0)
        assert await db.query("SELECT 1 AS n") == [{"n": 1}]
