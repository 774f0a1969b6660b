"""D1, D2, D4 of the peers: what failed leaves nothing open, nothing locked, and nothing that the next write commits.

Each is asked from outside, by a connection that is not ours.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from time import monotonic
from typing import Any

import msgspec
import pytest

from tests.tools.db.torture.outside import Outside, outside
from tools.db.contract import DbError, ForeignKeyError, NotNullError, ParameterError, UniqueError

SLOW = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) AS n FROM c"
INSERT = "INSERT INTO notes (id, text) VALUES (?, 'from inside')"


class Wrong(msgspec.Struct):
    absent: int


@pytest.fixture
async def notes(db: Any) -> Any:
    await db.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL)")
    await db.execute("CREATE TABLE child (n INTEGER REFERENCES notes(id) DEFERRABLE INITIALLY DEFERRED)")
    await db.execute("INSERT INTO notes (id, text) VALUES (1, 'before')")
    return db


@pytest.fixture
async def other(notes: Any, url: str) -> AsyncIterator[Outside]:
    async with outside(url) as other:
        yield other


async def raise_inside(db: Any) -> None:
    async with db.transaction():
        await db.execute(INSERT, (2,))
        raise ZeroDivisionError


async def raise_in_the_inner_one(db: Any) -> None:
    async with db.transaction():
        await db.execute(INSERT, (2,))
        async with db.transaction():
            await db.execute(INSERT, (3,))
            raise ZeroDivisionError


async def break_a_rule_inside(db: Any) -> None:
    async with db.transaction():
        await db.execute(INSERT, (2,))
        await db.execute(INSERT, (1,))


async def break_a_rule(db: Any) -> None:
    await db.execute(INSERT, (1,))


async def break_a_rule_with_the_last_of_many(db: Any) -> None:
    await db.execute_many(INSERT, [(2,), (3,), (1,)])


async def give_the_last_of_many_no_value(db: Any) -> None:
    await db.execute_many("INSERT INTO notes (id, text) VALUES (?, ?)", [(2, "x"), (3, None)])


async def forget_a_parameter_of_the_last_of_many(db: Any) -> None:
    await db.execute_many("INSERT INTO notes (id, text) VALUES (?, ?)", [(2, "x"), (3,)])


async def misfit_what_is_returned(db: Any) -> None:
    await db.query("INSERT INTO notes (id, text) VALUES (2, 'x'), (3, 'y') RETURNING id, text", into=Wrong)


async def have_the_commit_refused(db: Any) -> None:
    async with db.transaction():
        await db.execute(INSERT, (2,))
        await db.execute("INSERT INTO child (n) VALUES (99)")


async def have_the_commit_of_one_statement_refused(db: Any) -> None:
    await db.execute("INSERT INTO child (n) VALUES (99)")


async def run_out_of_time(db: Any) -> None:
    async with asyncio.timeout(0.1), db.transaction():
        await db.execute(INSERT, (2,))
        await db.query(SLOW)


async def leave_a_stream_half_way(db: Any) -> None:
    async with db.transaction():
        await db.execute(INSERT, (2,))
        async for _ in db.stream("SELECT id FROM notes"):
            raise ZeroDivisionError


FAILURES: dict[Callable[[Any], Awaitable[None]], type[BaseException]] = {
    raise_inside: ZeroDivisionError,
    raise_in_the_inner_one: ZeroDivisionError,
    break_a_rule_inside: UniqueError,
    break_a_rule: UniqueError,
    break_a_rule_with_the_last_of_many: UniqueError,
    give_the_last_of_many_no_value: NotNullError,
    forget_a_parameter_of_the_last_of_many: ParameterError,
    misfit_what_is_returned: DbError,
    have_the_commit_refused: ForeignKeyError,
    have_the_commit_of_one_statement_refused: ForeignKeyError,
    run_out_of_time: TimeoutError,
    leave_a_stream_half_way: ZeroDivisionError,
}


@pytest.mark.parametrize("fail", FAILURES, ids=lambda fail: fail.__name__)
async def test_what_failed_is_told_and_leaves_nothing_open(
    notes: Any, other: Outside, fail: Callable[[Any], Awaitable[None]]
) -> None:
    with pytest.raises(FAILURES[fail]):
        await fail(notes)

    await other.write("INSERT INTO notes (id, text) VALUES (10, 'from outside')")  # nothing is locked
    await notes.execute(INSERT, (11,))
    async with notes.transaction():
        await notes.execute(INSERT, (12,))
    assert await other.read("SELECT id FROM notes ORDER BY id") == [(1,), (10,), (11,), (12,)]
    assert await other.read("SELECT n FROM child") == []


async def test_what_is_not_committed_is_seen_by_nobody_else(notes: Any, other: Outside) -> None:
    seen = []

    async def look() -> None:
        seen.append(await notes.query("SELECT id FROM notes"))

    looks = asyncio.Event()

    async def looker() -> None:
        await looks.wait()
        await look()

    looking = asyncio.create_task(looker())  # not from inside: it would share
    async with notes.transaction():
        await notes.execute(INSERT, (2,))
        looks.set()
        await looking
        seen.append(await other.read("SELECT id FROM notes"))

    assert seen == [[{"id": 1}], [(1,)]]


async def test_nobody_waits_for_a_slow_select(notes: Any) -> None:
    slow = [asyncio.create_task(notes.query(SLOW)) for _ in range(2)]
    await asyncio.sleep(0.05)
    began_s = monotonic()

    for number in range(20, 25):
        await notes.query("SELECT 1")
        await notes.execute(INSERT, (number,))
        async with notes.transaction():
            await notes.execute(INSERT, (number + 100,))
    await notes.check_health()

    assert monotonic() - began_s < 1
    assert not any(task.done() for task in slow)
    for task in slow:
        task.cancel()
    await asyncio.wait(slow)
