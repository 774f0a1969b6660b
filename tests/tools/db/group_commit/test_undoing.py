"""What undoes a shared transaction fails the one who is to blame, or all before anyone was told."""

import asyncio
import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.tools.db.group_commit.sharing import FOR_EVER, Disk, add, held, kinds, texts, together, waiting
from tests.tools.db.standing import sqlite_of, standing
from tools.db.contract import (
    DbError,
    ForeignKeyError,
    QueryTimeoutError,
    Unavailable,
    UniqueError,
    UnknownOutcomeError,
)
from tools.db.database import Database


async def test_nobody_is_told_before_the_commit(db: Database) -> None:
    disk = threading.Event()
    await sqlite_of(db).writer.run(lambda raw: raw.set_trace_callback(lambda sql: held(sql, disk)))

    tasks = await waiting(db, add(db, "a"), add(db, "b"))
    await asyncio.sleep(0.1)
    was_told = [task.done() for task in tasks]
    disk.set()

    assert was_told == [False, False]
    assert await asyncio.gather(*tasks) == [1, 2]


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


async def test_one_that_is_stored_is_not_failed_with_the_next(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    execute = Disk.execute

    def refuse_the_last(raw: Disk, sql: str, *values: Any) -> sqlite3.Cursor:
        if sql == "ROLLBACK" and Disk.commits == 5:  # three together, and each by itself
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorname = "SQLITE_IOERR"
            raise error
        return execute(raw, sql, *values)

    monkeypatch.setattr(Disk, "execute", refuse_the_last)

    answers = await together(db, add(db, "a"), db.execute("INSERT INTO child VALUES (99)"))

    assert kinds(answers) == [1, Unavailable]
    assert await texts(db) == {"a"}


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
