"""Writes that wait for their turn share one COMMIT, and nothing else: no error, no time-out, no cancellation."""

import asyncio
import os
import random
import sqlite3
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Iterable
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import msgspec
import pytest

from tests.tools.db.standing import ROOT, sqlite_of, standing
from tools.db.contract import (
    DbError,
    ForeignKeyError,
    QueryTimeoutError,
    Unavailable,
    UniqueError,
    UnknownOutcomeError,
)
from tools.db.database import Database

FOR_EVER = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) INSERT INTO notes (text) SELECT x FROM c"


class Note(msgspec.Struct):
    id: int
    text: str
    missing: int


class Disk(sqlite3.Connection):
    """A connection whose next COMMIT the disk refuses, as long as `fault` names one of SQLite's errors."""

    fault = ""
    commits = 0

    def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
        if sql == "COMMIT":
            Disk.commits += 1
            if Disk.fault:
                error = sqlite3.OperationalError("disk I/O error")
                error.sqlite_errorname = Disk.fault
                raise error
        return super().execute(sql, *values)


@pytest.fixture
async def db(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Database]:
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda path, **how: connect(path, **how, factory=Disk))
    monkeypatch.setattr(Disk, "fault", "")
    async with standing(tmp_path / "app.db", DB_WAIT_TIMEOUT_S=5, DB_TIMEOUT_S=0.3) as db:
        await db.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE)")
        await db.execute("CREATE TABLE child (note INTEGER REFERENCES notes(id) DEFERRABLE INITIALLY DEFERRED)")
        await sqlite_of(db).writer.run(lambda raw: raw.create_function("nap", 1, nap))
        monkeypatch.setattr(Disk, "commits", 0)
        yield db


def nap(seconds: float) -> str:
    sleep(seconds)
    return str(seconds)


async def add(db: Database, text: str) -> int | None:
    return await db.execute("INSERT INTO notes (text) VALUES (?)", (text,))


async def waiting(db: Database, *works: Awaitable[Any]) -> "list[asyncio.Task[Any]]":
    """Let them wait for one turn, which they get now."""
    async with sqlite_of(db).writer.lock:
        tasks = [asyncio.ensure_future(work) for work in works]
        await asyncio.sleep(0.01)
    return tasks


async def together(db: Database, *works: Awaitable[Any]) -> list[Any]:
    return await asyncio.gather(*await waiting(db, *works), return_exceptions=True)


async def texts(db: Database) -> set[str]:
    return {row["text"] for row in await db.query("SELECT text FROM notes")}


def kinds(answers: Iterable[Any]) -> list[Any]:
    return [type(one) if isinstance(one, BaseException) else one for one in answers]


async def test_writes_that_wait_share_one_commit(db: Database) -> None:
    keys = await together(db, *(add(db, f"n{number}") for number in range(32)))

    assert Disk.commits == 1
    assert await db.query("SELECT id, text FROM notes ORDER BY id") == [
        {"id": key, "text": f"n{number}"} for number, key in enumerate(keys)
    ]


async def test_writes_one_after_the_other_have_a_commit_each_and_wait_for_nobody(db: Database) -> None:
    for number in range(5):
        assert await add(db, f"n{number}") == number + 1
        assert Disk.commits == number + 1


async def test_32_that_write_all_the_time_share_commits(db: Database) -> None:
    async def write(writer: int) -> None:
        for number in range(10):
            await add(db, f"{writer}/{number}")

    await asyncio.gather(*(write(writer) for writer in range(32)))

    assert len(await texts(db)) == 320
    assert Disk.commits < 40


async def test_one_that_fails_fails_alone(db: Database) -> None:
    await add(db, "a")

    answers = await together(db, add(db, "b"), add(db, "a"), add(db, "c"))

    assert kinds(answers) == [2, UniqueError, 3]
    assert (answers[1].table, answers[1].columns) == ("notes", ("text",))
    assert await texts(db) == {"a", "b", "c"}
    assert Disk.commits == 2


async def test_each_gets_the_answer_to_its_own_statement(db: Database) -> None:
    await together(db, add(db, "a"), add(db, "b"), add(db, "c"))

    answers = await together(
        db,
        db.execute("UPDATE notes SET text = text || '!'"),
        add(db, "d"),
        db.query_one("INSERT INTO notes (text) VALUES ('e') RETURNING id, text"),
        db.execute("DELETE FROM notes WHERE id = 99"),
        db.query("DELETE FROM notes WHERE id < 3 RETURNING text"),
        db.execute("INSERT OR IGNORE INTO notes (text) VALUES ('e')"),
    )

    assert answers == [3, 4, {"id": 5, "text": "e"}, 0, [{"text": "a!"}, {"text": "b!"}], None]


async def test_rows_that_do_not_fit_store_nothing_and_leave_the_others_alone(db: Database) -> None:
    wrong = db.query_one("INSERT INTO notes (text) VALUES ('wrong') RETURNING id, text", into=Note)

    answers = await together(db, add(db, "a"), wrong, add(db, "b"))

    assert "do not fit Note" in str(answers[1])
    assert await texts(db) == {"a", "b"}


async def test_nobody_is_told_before_the_commit(db: Database) -> None:
    disk = threading.Event()
    await sqlite_of(db).writer.run(lambda raw: raw.set_trace_callback(lambda sql: held(sql, disk)))

    tasks = await waiting(db, add(db, "a"), add(db, "b"))
    await asyncio.sleep(0.1)
    was_told = [task.done() for task in tasks]
    disk.set()

    assert was_told == [False, False]
    assert await asyncio.gather(*tasks) == [1, 2]


def held(sql: str, disk: threading.Event) -> None:
    if sql == "COMMIT":
        disk.wait(10)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [("SQLITE_IOERR_FSYNC", UnknownOutcomeError), ("SQLITE_FULL", Unavailable), ("SQLITE_BUSY", Unavailable)],
)
async def test_a_commit_that_fails_acknowledges_nobody(
    db: Database, monkeypatch: pytest.MonkeyPatch, fault: str, kind: type[DbError]
) -> None:
    monkeypatch.setattr(Disk, "fault", fault)
    answers = await together(db, add(db, "a"), add(db, "b"), add(db, "c"))
    alone = await asyncio.gather(add(db, "d"), return_exceptions=True)
    monkeypatch.setattr(Disk, "fault", "")

    assert kinds([*answers, *alone]) == [kind] * 4
    assert len({id(answer) for answer in answers}) == 3
    assert await add(db, "e") == 1


async def test_a_commit_without_an_answer_is_an_unknown_outcome_for_all(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tools.db.sqlite.watch.DRAIN_TIMEOUT_S", 0.05)
    disk = threading.Event()
    await sqlite_of(db).writer.run(lambda raw: raw.set_trace_callback(lambda sql: held(sql, disk)))

    answers = await together(db, add(db, "a"), add(db, "b"))

    assert kinds(answers) == [UnknownOutcomeError] * 2
    disk.set()
    assert isinstance(await add(db, "c"), int)


async def test_one_that_takes_too_long_is_interrupted_and_the_others_are_stored(db: Database) -> None:
    answers = await together(db, add(db, "a"), db.execute(FOR_EVER), add(db, "b"), add(db, "c"))

    assert kinds(answers) == [1, QueryTimeoutError, 2, 3]
    assert await texts(db) == {"a", "b", "c"}


async def test_a_time_out_counts_the_run_of_its_own_statement(db: Database) -> None:
    naps = (db.execute("INSERT INTO notes (text) SELECT nap(?)", (0.2 + number / 1000,)) for number in range(4))

    assert await together(db, *naps) == [1, 2, 3, 4]


async def test_a_slow_one_lets_those_behind_it_wait_for_the_next_commit(db: Database) -> None:
    slow = db.execute("INSERT INTO notes (text) SELECT nap(0.1)")

    assert await together(db, add(db, "a"), slow, add(db, "b"), add(db, "c")) == [1, 2, 3, 4]
    assert Disk.commits == 2


async def test_two_that_undo_all_leave_the_others_stored(db: Database) -> None:
    await add(db, "a")
    bad = "INSERT OR ROLLBACK INTO notes (text) VALUES ('a')"

    answers = await together(
        db, add(db, "b"), db.execute(bad), add(db, "c"), db.execute(bad), db.execute(bad), add(db, "d")
    )

    assert kinds(answers) == [2, UniqueError, 3, UniqueError, UniqueError, 4]
    assert await texts(db) == {"a", "b", "c", "d"}


@pytest.mark.parametrize("method", ["alone", "together"])
async def test_or_fail_keeps_nothing_of_what_failed(db: Database, method: str) -> None:
    await add(db, "a")
    bad = db.execute("INSERT OR FAIL INTO notes (text) VALUES ('x'), ('a')")

    answers = await (together(db, bad, add(db, "b")) if method == "together" else together(db, bad))

    assert kinds(answers)[0] is UniqueError
    assert "x" not in await texts(db)


async def test_a_rule_that_is_checked_at_the_commit_fails_only_the_one_who_breaks_it(db: Database) -> None:
    answers = await together(
        db,
        add(db, "a"),
        db.execute("INSERT INTO child VALUES (99)"),
        db.execute("INSERT INTO child VALUES (1)"),
        add(db, "b"),
    )

    assert kinds(answers) == [1, ForeignKeyError, 1, 2]
    assert answers[1].table == "child"
    assert await db.query("SELECT note FROM child") == [{"note": 1}]


async def test_a_full_disk_fails_the_one_that_does_not_fit(db: Database) -> None:
    def leave_pages(raw: sqlite3.Connection, count: int) -> None:
        (pages,) = raw.execute("PRAGMA page_count").fetchone()
        raw.execute(f"PRAGMA max_page_count = {pages + count}")

    await sqlite_of(db).writer.run(lambda raw: leave_pages(raw, 4))

    answers = await together(db, add(db, "a"), add(db, "x" * 100_000), add(db, "b"))

    assert kinds(answers) == [1, Unavailable, 2]
    assert await texts(db) == {"a", "b"}


async def test_another_process_with_the_write_lock_is_a_503_for_all(tmp_path: Path) -> None:
    async with standing(tmp_path / "app.db", DB_WAIT_TIMEOUT_S=0.2) as db:
        await db.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT)")
        other = sqlite3.connect(tmp_path / "app.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")

        answers = await together(db, add(db, "a"), add(db, "b"))

        other.close()
        assert kinds(answers) == [Unavailable] * 2
        assert await add(db, "c") == 1


# ------------------------------------------------------------ cancellation


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


# ------------------------------------------------------------ turns


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
