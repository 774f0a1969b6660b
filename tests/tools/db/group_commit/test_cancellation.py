"""A caller who is cancelled takes nobody along."""

import asyncio
import random
import threading

from tests.tools.db.group_commit.sharing import FOR_EVER, add, kinds, texts, waiting
from tests.tools.db.standing import sqlite_of
from tools.db.contract import (
    QueryTimeoutError,
)
from tools.db.database import Database


async def test_one_that_is_cancelled_while_it_waits_is_not_run(db: Database) -> None:
    async with sqlite_of(db).writer.lock:
        tasks = [asyncio.create_task(add(db, text)) for text in "abc"]
        await asyncio.sleep(0.01)
        tasks[1].cancel()
        await asyncio.wait({tasks[1]}, timeout=1)
        assert tasks[1].cancelled()

    assert [await tasks[0], await tasks[2]] == [1, 2]
    assert await texts(db) == {"a", "c"}


async def test_one_that_is_cancelled_while_it_runs_takes_nobody_along(db: Database) -> None:
    tasks = await waiting(db, add(db, "a"), db.execute(FOR_EVER), add(db, "b"))
    await asyncio.sleep(0.1)

    tasks[1].cancel()
    answers = await asyncio.gather(*tasks, return_exceptions=True)

    assert kinds(answers) == [1, asyncio.CancelledError, 2]
    assert await texts(db) == {"a", "b"}


async def test_one_that_is_cancelled_after_its_run_is_stored_or_not_but_never_torn(db: Database) -> None:
    tasks = await waiting(
        db, add(db, "a"), db.execute("INSERT INTO notes (text) SELECT nap(0.03)"), db.execute(FOR_EVER)
    )
    await asyncio.sleep(0.1)

    tasks[0].cancel()
    answers = await asyncio.gather(*tasks, return_exceptions=True)

    assert kinds(answers)[0] is asyncio.CancelledError
    assert kinds(answers)[2] is QueryTimeoutError
    assert await texts(db) - {"a"} == {"0.03"}


async def test_random_cancels_lose_nothing_that_was_acknowledged(db: Database) -> None:
    random.seed(5)
    acknowledged: set[str] = set()
    threads = threading.active_count()

    async def write(text: str) -> None:
        await db.execute("INSERT INTO notes (text) VALUES (?), (?)", (text, text + "'"))
        acknowledged.add(text)

    async def cancelled(task: "asyncio.Task[None]") -> None:
        delay_s = random.random() * 0.02
        asyncio.get_running_loop().call_later(delay_s, task.cancel)
        asyncio.get_running_loop().call_later(delay_s + random.random() * 0.002, task.cancel)
        await asyncio.wait({task})

    for wave in range(20):
        tasks = [asyncio.create_task(write(f"{wave}/{number}")) for number in range(40)]
        if wave % 2:
            tasks.append(asyncio.create_task(db.execute(FOR_EVER)))  # type: ignore[arg-type]
        await asyncio.gather(*map(cancelled, tasks))

    found = await texts(db)
    assert acknowledged - found == set(), "acknowledged, but missing"
    assert {text.rstrip("'") for text in found} == {text for text in found if not text.endswith("'")}
    assert {text + "'" for text in found if not text.endswith("'")} <= found, "torn"
    assert 0 < len(acknowledged) < 800
    assert isinstance(await asyncio.wait_for(add(db, "last"), 2), int)
    assert threading.active_count() == threads
