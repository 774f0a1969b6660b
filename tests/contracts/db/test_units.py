"""Tasks and transactions: children share one, what outlives it is refused, what is cut leaves nothing."""

import asyncio
import contextlib

import pytest

from tests.contracts.db.people import add, emails, in_fresh_context, standing
from tools.db.contract import Db, DbError, QueryTimeoutError, SerializationError, UnitClosedError


async def test_a_child_that_is_waited_for_shares_the_transaction(db: Db) -> None:
    with pytest.raises(ZeroDivisionError):
        async with db.transaction():
            await asyncio.wait_for(add(db, "a"), 5)
            assert await emails(db) == ["a"]
            raise ZeroDivisionError

    assert await emails(db) == []


async def test_many_children_take_turns_in_one_transaction(db: Db) -> None:
    async with db.transaction(), asyncio.TaskGroup() as group:
        for number in range(20):
            group.create_task(add(db, f"u{number}"))

    assert len(await emails(db)) == 20


async def test_children_with_inner_transactions_do_not_undo_each_other(db: Db) -> None:
    async def nested(email: str, *, fails: bool) -> None:
        async with db.transaction():
            await add(db, email)
            await add(db, email + "2")
            if fails:
                raise ZeroDivisionError

    async with db.transaction():
        await asyncio.gather(*(nested(f"u{n}", fails=n % 2 == 0) for n in range(6)), return_exceptions=True)

    assert sorted(await emails(db)) == ["u1", "u12", "u3", "u32", "u5", "u52"]


async def test_a_child_that_outlives_the_transaction_is_refused(db: Db) -> None:
    go_on = asyncio.Event()

    async def late() -> None:
        await go_on.wait()
        await add(db, "late")

    async with db.transaction():
        await add(db, "a")
        child = asyncio.create_task(late())
    go_on.set()

    with pytest.raises(UnitClosedError, match="a transaction that is over"):
        await child
    assert await emails(db) == ["a"]


async def test_a_cancelled_transaction_leaves_nothing_and_the_writer_is_free(db: Db) -> None:
    inside = asyncio.Event()

    async def write() -> None:
        async with db.transaction():
            await add(db, "a")
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(write())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    await add(db, "b")
    assert await emails(db) == ["b"]


async def test_a_statement_that_is_cancelled_ends_at_once(db: Db, for_ever: str) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await db.query(for_ever)

    assert await db.query("SELECT 1 AS n") == [{"n": 1}]


async def test_a_transaction_whose_statement_was_cut_can_only_be_left(db: Db, for_ever: str) -> None:
    with pytest.raises(UnitClosedError, match="start it anew"):
        async with db.transaction():
            await add(db, "a")
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(db.query(for_ever), 0.05)
            with pytest.raises(UnitClosedError, match="interrupted"):
                await add(db, "b")

    assert await emails(db) == []


async def test_a_transaction_whose_statement_took_too_long_can_only_be_left(url: str, for_ever: str) -> None:
    async with standing(url, DB_TIMEOUT_S="0.05") as db:
        with pytest.raises(UnitClosedError, match="start it anew"):
            async with db.transaction():
                with pytest.raises(QueryTimeoutError):
                    async with db.transaction():
                        await db.query(for_ever)
                with pytest.raises(UnitClosedError, match="interrupted"):
                    await db.query("SELECT 1")

        assert await db.query("SELECT 1 AS n") == [{"n": 1}]


async def test_a_task_that_still_works_inside_undoes_the_transaction(db: Db) -> None:
    inside, go_on = asyncio.Event(), asyncio.Event()

    async def nested() -> None:
        async with db.transaction():
            inside.set()
            await go_on.wait()

    with pytest.raises(UnitClosedError, match="still at work"):
        async with db.transaction():
            await add(db, "a")
            child = asyncio.create_task(nested())
            await inside.wait()
    go_on.set()
    with pytest.raises(UnitClosedError):
        await child

    assert await emails(db) == []
    await add(db, "b")


async def test_writers_that_read_modify_and_write_lose_no_update(db: Db) -> None:
    await db.execute("INSERT INTO tags VALUES ('n', 0)")
    refused: list[SerializationError] = []

    async def write() -> None:
        done = 0
        while done < 5:
            try:
                async with db.transaction():
                    row = await db.query_one("SELECT weight FROM tags WHERE tag = 'n'")
                    await db.execute("UPDATE tags SET weight = ? WHERE tag = 'n'", (row["weight"] + 1,))
                done += 1
            except SerializationError as error:
                refused.append(error)

    await asyncio.gather(*(in_fresh_context(write()) for _ in range(6)))

    assert await db.query_one("SELECT weight FROM tags") == {"weight": 30}
    assert all((error.status, error.retry_after_s) == (503, 1.0) for error in refused)


async def test_transactions_that_change_other_rows_do_not_disturb_each_other(db: Db) -> None:
    await db.execute_many("INSERT INTO tags VALUES (?, 0)", [(f"tag {number}",) for number in range(20)])

    async def write(number: int) -> None:
        async with db.transaction():
            row = await db.query_one("SELECT weight FROM tags WHERE tag = ?", (f"tag {number}",))
            await db.execute("UPDATE tags SET weight = ? WHERE tag = ?", (row["weight"] + 1, f"tag {number}"))
            await db.execute("INSERT INTO tags VALUES (?, 1)", (f"new {number}",))

    await asyncio.gather(*(in_fresh_context(write(number)) for number in range(20)))

    assert await db.query_one("SELECT count(*) AS n, sum(weight) AS all_of_them FROM tags") == {
        "n": 40, "all_of_them": 40
    }  # fmt: skip


async def test_a_rule_over_rows_that_are_only_read_holds_in_serializable_transactions(db: Db) -> None:
    await db.execute_many("INSERT INTO tags VALUES (?, 1)", [("ana",), ("bob",)])
    both_have_looked = asyncio.Barrier(2)

    async def leave(tag: str) -> None:
        with contextlib.suppress(SerializationError):
            async with db.transaction(serializable=True):
                left = await db.query_one("SELECT count(*) AS n FROM tags WHERE weight = 1")
                with contextlib.suppress(TimeoutError):  # on SQLite the second has its turn after the first
                    async with asyncio.timeout(0.2):
                        await both_have_looked.wait()
                if left["n"] == 2:
                    await db.execute("UPDATE tags SET weight = 0 WHERE tag = ?", (tag,))

    await asyncio.gather(*(in_fresh_context(leave(tag)) for tag in ("ana", "bob")))

    assert await db.query_one("SELECT count(*) AS n FROM tags WHERE weight = 1") == {"n": 1}


async def test_a_serializable_transaction_is_not_inside_one_that_is_not(db: Db) -> None:
    async with db.transaction(serializable=True), db.transaction(serializable=True), db.transaction():
        await add(db, "a")
    with pytest.raises(DbError, match="say so at the outermost"):
        async with db.transaction(), db.transaction(serializable=True):
            pass

    assert await emails(db) == ["a"]
