"""Tasks inside a transaction, and beside it: they share it, are refused, or wait within a bound; none hangs."""

import asyncio
import contextvars
from collections.abc import AsyncIterator, Awaitable, Callable
from time import monotonic
from typing import Any

import pytest

from tests.tools.db.torture.engines import standing
from tools.db.contract import Unavailable, UnitClosedError

HANDLERS = 5
WAIT_S = 0.5
BOUND_S = 3.0
ROWS = "SELECT n FROM rows ORDER BY n"


@pytest.fixture
async def db(url: str) -> AsyncIterator[Any]:
    """One whose pool has as many places as there are handlers."""
    settings = {"DB_WAIT_TIMEOUT_S": str(WAIT_S), "DB_POOL_SIZE": str(HANDLERS), "DB_READERS": str(HANDLERS)}
    async with standing(url, **settings) as db:
        await db.execute("CREATE TABLE rows (n INTEGER)")
        yield db


async def add(db: Any, number: int) -> None:
    await db.execute("INSERT INTO rows (n) VALUES (?)", (number,))


async def by_wait_for(db: Any, number: int) -> None:
    await asyncio.wait_for(add(db, number), BOUND_S)


async def by_gather(db: Any, number: int) -> None:
    await asyncio.gather(add(db, number), db.query(ROWS), db.query("SELECT 1"))


async def by_a_group(db: Any, number: int) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(add(db, number))
        group.create_task(db.query(ROWS))


async def by_an_inner_one(db: Any, number: int) -> None:
    async def inner() -> None:
        async with db.transaction():
            await add(db, number)

    await asyncio.gather(inner(), db.query(ROWS))


async def by_a_stream(db: Any, number: int) -> None:
    async def read() -> list[Any]:
        return [row async for row in db.stream(ROWS)]

    await add(db, number)
    assert {"n": number} in await asyncio.create_task(read())


CHILDREN = (by_wait_for, by_gather, by_a_group, by_an_inner_one, by_a_stream)


@pytest.mark.parametrize("child", CHILDREN, ids=lambda child: child.__name__)
async def test_handlers_that_hold_every_place_do_not_wait_for_their_own_children(
    db: Any, child: Callable[[Any, int], Awaitable[None]], engine: str
) -> None:
    """Where a child asks for a place of its own, five handlers in a pool of five wait for ever."""
    inside = asyncio.Barrier(HANDLERS)

    async def handle(number: int, *, is_met: bool) -> None:
        async with db.transaction():
            await db.query("SELECT 1")
            if is_met:
                await inside.wait()  # all places are taken
            await child(db, number)

    async with asyncio.timeout(BOUND_S):
        results = await asyncio.gather(
            *(handle(number, is_met=engine == "postgres") for number in range(HANDLERS)), return_exceptions=True
        )

    assert all(map(is_success_or_conflict, results)), results
    stored = [number for number, error in enumerate(results) if error is None]
    assert [row["n"] for row in await db.query(ROWS)] == stored
    assert stored


def is_success_or_conflict(error: BaseException | None) -> bool:
    if isinstance(error, BaseExceptionGroup):  # of a TaskGroup
        return all(map(is_success_or_conflict, error.exceptions))
    return error is None or bool(getattr(error, "retry_after_s", None))


async def test_who_holds_a_place_and_asks_for_another_is_refused_in_time(db: Any, engine: str) -> None:
    """In a context of its own, as a request to oneself or an event's handler has: then there is no transaction."""
    inside = asyncio.Barrier(HANDLERS if engine == "postgres" else 1)

    async def other() -> None:
        async with db.transaction():
            await add(db, 2)

    async def handle() -> None:
        async with db.transaction():
            await add(db, 1)
            await inside.wait()  # all places are taken
            await asyncio.create_task(other(), context=contextvars.Context())

    began_s = monotonic()
    async with asyncio.timeout(BOUND_S):
        results = await asyncio.gather(*(handle() for _ in range(HANDLERS)), return_exceptions=True)

    assert {type(error) for error in results} == {Unavailable}
    assert WAIT_S / 2 < monotonic() - began_s < BOUND_S
    assert await db.query(ROWS) == []
    await add(db, 3)


async def test_what_is_called_after_the_commit_may_begin_a_transaction(db: Any) -> None:
    async def later() -> None:
        async with db.transaction():
            await add(db, 2)

    async def handle() -> None:
        async with db.transaction():
            await add(db, 1)
            db.after_commit(later)

    async with asyncio.timeout(BOUND_S):
        results = await asyncio.gather(*(handle() for _ in range(HANDLERS)), return_exceptions=True)

    assert not [error for error in results if error and not getattr(error, "retry_after_s", None)]
    assert {row["n"] for row in await db.query(ROWS)} == {1, 2}


@pytest.mark.parametrize("how", ["query", "execute", "stream", "transaction", "after_commit"])
@pytest.mark.parametrize("is_kept", [True, False])
async def test_whatever_a_task_asks_that_outlived_its_transaction_is_refused(db: Any, how: str, is_kept: bool) -> None:
    over = asyncio.Event()

    async def late() -> None:
        await over.wait()
        match how:
            case "query":
                await db.query(ROWS)
            case "execute":
                await add(db, 2)
            case "stream":
                [row async for row in db.stream(ROWS)]
            case "transaction":
                async with db.transaction():
                    await add(db, 2)
            case _:
                db.after_commit(lambda: None)

    with pytest.raises(ZeroDivisionError):
        async with db.transaction():
            await add(db, 1)
            task = asyncio.create_task(late())
            if not is_kept:
                raise ZeroDivisionError
        raise ZeroDivisionError
    over.set()

    with pytest.raises(UnitClosedError, match="a transaction that is over"):
        await asyncio.wait_for(task, BOUND_S)
    assert [row["n"] for row in await db.query(ROWS)] == [1] * is_kept


async def test_a_child_that_never_ends_costs_the_transaction_its_wait_and_no_more(db: Any) -> None:
    inside, for_ever = asyncio.Event(), asyncio.Event()

    async def nested() -> None:
        async with db.transaction():
            inside.set()
            await for_ever.wait()

    began_s = monotonic()
    with pytest.raises(UnitClosedError, match="still at work"):
        async with db.transaction():
            await add(db, 1)
            child = asyncio.create_task(nested())
            await inside.wait()

    assert monotonic() - began_s < BOUND_S
    await add(db, 2)
    for_ever.set()
    with pytest.raises(UnitClosedError):
        await asyncio.wait_for(child, BOUND_S)
    assert await db.query(ROWS) == [{"n": 2}]
