"""Turns of those who write: fair, bounded, and at the shutdown too."""

import asyncio
import os
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep

from tests.tools.db.group_commit.sharing import add, kinds, waiting
from tests.tools.db.standing import ROOT, sqlite_of, standing
from tools.db.contract import (
    Unavailable,
)
from tools.db.database import Database


async def test_a_wait_has_an_end(tmp_path: Path) -> None:
    async with standing(tmp_path / "app.db", DB_WAIT_TIMEOUT_S=0.1) as db:
        await db.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT)")
        async with sqlite_of(db).writer.lock:
            begin = monotonic()
            answers = await asyncio.gather(add(db, "a"), add(db, "b"), return_exceptions=True)
            took_s = monotonic() - begin

        assert kinds(answers) == [Unavailable] * 2
        assert str(answers[0]).endswith("(the turn did not come within 0.1 s)")
        assert 0.1 <= took_s < 1
        assert await add(db, "c") == 1


async def test_transactions_and_groups_let_each_other_pass(db: Database) -> None:
    end = monotonic() + 0.5
    counts = {"transactions": 0, "writes": 0}

    async def transact(number: int) -> None:
        while monotonic() < end:
            async with db.transaction():
                counts["transactions"] += 1
                await add(db, f"t{number}/{counts['transactions']}")

    async def write(number: int) -> None:
        while monotonic() < end:
            counts["writes"] += 1
            await add(db, f"w{number}/{counts['writes']}")

    await asyncio.gather(*(transact(number) for number in range(3)), *(write(number) for number in range(16)))

    assert counts["transactions"] > 20
    assert counts["writes"] > 100


async def test_who_waits_at_the_shutdown_is_served_or_told(tmp_path: Path) -> None:
    async with standing(tmp_path / "app.db", DB_WAIT_TIMEOUT_S=2) as db:
        await db.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT)")
        tasks = [asyncio.create_task(add(db, f"n{number}")) for number in range(200)]
        await asyncio.sleep(0)

    answers = await asyncio.gather(*tasks, return_exceptions=True)

    assert {kind if isinstance(kind, type) else int for kind in kinds(answers)} <= {int, Unavailable}
    with sqlite3.connect(tmp_path / "app.db") as raw:
        stored = {key for (key,) in raw.execute("SELECT id FROM notes")}
    raw.close()
    assert stored == {answer for answer in answers if isinstance(answer, int)}


async def test_who_was_undone_and_waits_again_is_told_at_the_shutdown(tmp_path: Path) -> None:
    async with standing(tmp_path / "app.db") as db:
        runs: Counter[str] = Counter()

        def slow_again(name: str) -> Callable[[sqlite3.Connection], None]:
            def job(raw: sqlite3.Connection) -> None:
                runs[name] += 1
                sleep(0.06 * (runs[name] > 1))

            return job

        def fail(raw: sqlite3.Connection) -> None:
            raise ZeroDivisionError

        writes = (sqlite_of(db).writer.store(job) for job in (slow_again("a"), slow_again("b"), fail))
        tasks = await waiting(db, *writes)
        await asyncio.sleep(0.01)

    await asyncio.wait(tasks, timeout=2)
    assert runs == {"a": 2, "b": 1}
    assert kinds([task.done() and task.exception() for task in tasks]) == [None, Unavailable, Unavailable]


LEAVES = """
import asyncio, sys
from pathlib import Path
from tests.tools.db.standing import made, around

async def main():
    db = made(Path(sys.argv[1]))
    await db.on_boot(around())
    await db.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT)")
    for number in range(100):
        asyncio.create_task(db.execute("INSERT INTO notes (text) VALUES ('x')"))
    await asyncio.sleep(0)

asyncio.run(main())
"""


def test_a_process_ends_that_leaves_writes_behind(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LEAVES, str(tmp_path / "app.db")],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
