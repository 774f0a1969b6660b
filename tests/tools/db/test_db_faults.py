"""What must hold of `Sqlite` when it is cancelled, crowded, killed, or its disk says no."""

import asyncio
import contextvars
import os
import random
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from time import monotonic
from types import SimpleNamespace

import msgspec
import pytest

from tests.tools.db.standing import COUNT_FOR_EVER, ROOT, around, made, sqlite_of, standing
from tools.db.contract import (
    DbError,
    ForeignKeyError,
    QueryTimeoutError,
    Unavailable,
    UnitClosedError,
    UnknownOutcomeError,
)
from tools.db.database import Database
from tools.db.settings import DbSettings
from tools.db.sqlite.call import Call, Place
from tools.db.sqlite.engine import Sqlite
from tools.db.sqlite.watch import Watch


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    async with standing(tmp_path / "app.db", DB_WAIT_TIMEOUT_S=5) as db:
        await db.execute("CREATE TABLE pairs (n INTEGER, half TEXT)")
        await db.execute("CREATE TABLE counter (id INTEGER PRIMARY KEY, n INTEGER)")
        await db.execute("INSERT INTO counter VALUES (1, 0)")
        yield db


async def cancelled_at_random(task: "asyncio.Task[None]", within_s: float) -> None:
    loop = asyncio.get_running_loop()
    delay_s = random.random() * within_s
    loop.call_later(delay_s, task.cancel)
    if random.random() < 0.5:
        loop.call_later(delay_s + random.random() * 0.001, task.cancel)  # while it cleans up
    await asyncio.wait({task})


# ------------------------------------------------------------ cancellation


async def test_readers_survive_random_cancels(db: Database) -> None:
    random.seed(3)

    async def read() -> None:
        await db.query("SELECT count(*) FROM pairs")
        await db.query(COUNT_FOR_EVER)

    for _ in range(10):
        tasks = [asyncio.create_task(read()) for _ in range(8)]
        await asyncio.gather(*(cancelled_at_random(task, 0.05) for task in tasks))

    results = await asyncio.gather(*(db.query("SELECT 1 AS n") for _ in range(8)))
    assert results == [[{"n": 1}]] * 8


async def test_streams_survive_random_cancels(db: Database) -> None:
    random.seed(4)
    threads = threading.active_count()

    async def read() -> None:
        async for _row in db.stream("WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c"):
            pass

    for _ in range(5):
        tasks = [asyncio.create_task(read()) for _ in range(12)]
        await asyncio.gather(*(cancelled_at_random(task, 0.05) for task in tasks))

    assert [row async for row in db.stream("SELECT 1 AS n")] == [{"n": 1}]
    assert threading.active_count() == threads


async def test_a_cancel_while_it_commits_still_calls_after_commit(db: Database) -> None:
    calls: list[str] = []

    async def work() -> None:
        async with db.transaction():
            await db.execute("INSERT INTO pairs VALUES (1, 'x')")
            db.after_commit(lambda: calls.append("stored"))
            asyncio.get_running_loop().call_soon(task.cancel)  # the next await is that of the COMMIT

    task = asyncio.create_task(work())
    with pytest.raises(asyncio.CancelledError):
        await task

    assert calls == ["stored"]
    assert len(await db.query("SELECT * FROM pairs")) == 1


# ------------------------------------------------------------ many at once


async def test_readers_that_are_all_busy_are_a_503(tmp_path: Path) -> None:
    async with standing(tmp_path / "app.db", DB_READERS=1, DB_WAIT_TIMEOUT_S=0.05) as db:
        slow = asyncio.create_task(db.query(COUNT_FOR_EVER))
        await asyncio.sleep(0)

        with pytest.raises(Unavailable, match="readers are busy"):
            await db.query("SELECT 1")

        slow.cancel()
        await asyncio.wait({slow})
        assert await db.query("SELECT 1 AS n") == [{"n": 1}]


async def test_streams_over_the_limit_are_a_503(tmp_path: Path) -> None:
    async with standing(tmp_path / "app.db", DB_STREAMS=1, DB_WAIT_TIMEOUT_S=0.05) as db:
        first = db.stream("SELECT 1 AS n")
        await anext(first)

        with pytest.raises(Unavailable, match="DB_STREAMS"):
            await anext(db.stream("SELECT 2"))

        await first.aclose()
        assert [row async for row in db.stream("SELECT 3 AS n")] == [{"n": 3}]


async def test_another_process_with_the_write_lock_is_a_503(tmp_path: Path) -> None:
    async with standing(tmp_path / "app.db", DB_WAIT_TIMEOUT_S=0.1) as db:
        await db.execute("CREATE TABLE t (x)")
        other = sqlite3.connect(tmp_path / "app.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")

        with pytest.raises(Unavailable):
            await db.execute("INSERT INTO t VALUES (1)")
        with pytest.raises(Unavailable):
            async with db.transaction():
                pass

        other.close()
        assert await db.execute("INSERT INTO t VALUES (1)") == 1


# ------------------------------------------------------------ a COMMIT that fails


async def test_a_commit_that_is_refused_stores_nothing_and_frees_the_writer(db: Database) -> None:
    await db.execute("CREATE TABLE child (n INTEGER REFERENCES counter(id) DEFERRABLE INITIALLY DEFERRED)")
    calls: list[str] = []

    with pytest.raises(ForeignKeyError):
        async with db.transaction():
            await db.execute("INSERT INTO child VALUES (99)")
            db.after_commit(lambda: calls.append("stored"))

    assert await db.query("SELECT * FROM child") == []
    assert calls == []
    assert await db.execute("INSERT INTO child VALUES (1)") == 1


async def test_what_outlives_a_refused_commit_is_refused(db: Database) -> None:
    await db.execute("CREATE TABLE child (n INTEGER REFERENCES counter(id) DEFERRABLE INITIALLY DEFERRED)")

    with pytest.raises(ForeignKeyError):
        async with db.transaction():
            await db.execute("INSERT INTO child VALUES (99)")
            inside = contextvars.copy_context()

    with pytest.raises(UnitClosedError):
        await asyncio.get_running_loop().create_task(db.execute("INSERT INTO child VALUES (1)"), context=inside)


async def test_a_commit_without_an_answer_is_an_unknown_outcome(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.db.sqlite.watch.DRAIN_TIMEOUT_S", 0.05)
    sqlite_of(db).writer.timeout_s = 0.05
    disk = threading.Event()
    await sqlite_of(db).writer.run(lambda raw: raw.set_trace_callback(hanging_commit(disk)))

    with pytest.raises(UnknownOutcomeError) as caught:
        async with db.transaction():
            await db.execute("INSERT INTO pairs VALUES (1, 'x')")

    assert (caught.value.status, caught.value.retry_after_s) == (503, None)
    disk.set()
    assert await db.execute("INSERT INTO pairs VALUES (2, 'x')") == 1


def hanging_commit(disk: threading.Event) -> Callable[[str], None]:
    """A disk that does not answer before the event is set."""

    def traced(sql: str) -> None:
        if sql == "COMMIT":
            disk.wait(10)

    return traced


async def test_a_transaction_that_the_database_rolled_back_is_not_reported_as_kept(db: Database) -> None:
    await db.execute("CREATE UNIQUE INDEX one ON pairs (n)")

    with pytest.raises(UnitClosedError, match="the database rolled it back"):
        async with db.transaction():
            await db.execute("INSERT INTO pairs VALUES (1, 'x')")
            with pytest.raises(DbError):
                await db.execute("INSERT OR ROLLBACK INTO pairs VALUES (1, 'y')")

    assert await db.query("SELECT * FROM pairs") == []


async def test_a_write_that_takes_too_long_changes_nothing(tmp_path: Path) -> None:
    async with standing(tmp_path / "app.db", DB_TIMEOUT_S=0.1) as db:
        await db.execute("CREATE TABLE t (x)")

        with pytest.raises(QueryTimeoutError):
            await db.execute(
                "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) INSERT INTO t SELECT x FROM c"
            )

        assert await db.query("SELECT * FROM t") == []
        assert await db.execute("INSERT INTO t VALUES (1)") == 1


# ------------------------------------------------------------ the file


async def test_an_interruption_that_does_not_pass_costs_the_connection_and_no_thread(tmp_path: Path) -> None:
    async with standing(tmp_path / "app.db", DB_TIMEOUT_S=0.2) as db:
        await db.execute("CREATE TABLE numbers (n INTEGER)")
        await db.execute_many("INSERT INTO numbers VALUES (?)", [(1,), (2,)])
        left: list[sqlite3.Cursor] = []
        await sqlite_of(db).writer.run(lambda raw: left.append(raw.execute("SELECT n FROM numbers")))

        with pytest.raises(QueryTimeoutError):
            async with asyncio.timeout(5), db.transaction():
                await db.execute("INSERT INTO numbers VALUES (3)")
                await db.query(COUNT_FOR_EVER)

        left.clear()  # SQLite closes a connection with the last of its cursors
        await db.execute("INSERT INTO numbers VALUES (4)")
        assert await db.query("SELECT n FROM numbers WHERE n > 2") == [{"n": 4}]


async def test_a_call_that_hangs_in_a_thread_given_up_before_keeps_the_loop_idle() -> None:
    given_up: list[Place] = []
    watch, call = Watch(given_up.append), Call(lambda raw: None, timeout_s=0.01)
    call.place = SimpleNamespace(raw=None)
    call.began_s = call.stopped_s = monotonic() - 60
    watch.add(call)

    await asyncio.sleep(0.1)

    assert len(given_up) == 1
    watch.close()


@pytest.mark.parametrize("sql", ["SELECT n FROM counter", "INSERT INTO pairs VALUES (1, 'a')"])
async def test_another_event_loop_is_refused_at_once(db: Database, sql: str) -> None:
    async def use_it() -> None:
        async with asyncio.timeout(2):
            await db.query(sql)

    with pytest.raises(DbError, match="another event loop"):
        await asyncio.to_thread(lambda: asyncio.run(use_it()))

    assert await db.query("SELECT n FROM pairs") == []
    assert await db.execute("INSERT INTO counter VALUES (2, 0)") == 2


async def test_a_reader_cannot_write(db: Database) -> None:
    readers = sqlite_of(db).readers
    assert readers is not None

    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        await readers.run(lambda raw: raw.execute("DELETE FROM counter"), 1)


async def test_each_connection_is_durable_strict_and_patient(db: Database) -> None:
    def settings(raw: sqlite3.Connection) -> list[object]:
        names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout", "trusted_schema")
        return [raw.execute(f"PRAGMA {name}").fetchone()[0] for name in names]

    readers = sqlite_of(db).readers
    assert readers is not None
    assert await sqlite_of(db).writer.run(settings) == ["wal", 2, 1, 5000, 0]
    assert await readers.run(settings, 1) == ["wal", 2, 1, 5000, 0]


async def test_the_file_and_its_folder_are_made_for_the_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "app.db"

    async with standing(path) as db:
        await db.execute("CREATE TABLE t (x)")
        modes = {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}

    assert modes == {0o600}


async def test_a_path_is_relative_to_the_current_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    async with standing(Path("data/app.db")):
        assert (tmp_path / "data" / "app.db").exists()


async def test_a_file_that_is_no_database_is_told_at_boot(tmp_path: Path) -> None:
    (tmp_path / "app.db").write_bytes(b"not a database" * 100)

    with pytest.raises(DbError) as refused:
        await made(tmp_path / "app.db").on_boot(None)  # type: ignore[arg-type]  # it does not get that far

    assert str(refused.value) == (
        f"db cannot use {tmp_path}/app.db: file is not a database: "
        "restore a backup of it, or name another file in DATABASE_URL"
    )


async def test_a_file_with_damaged_pages_is_told_at_boot(tmp_path: Path) -> None:
    async with standing(tmp_path / "app.db") as db:
        await db.execute("CREATE TABLE notes (text TEXT)")
    with (tmp_path / "app.db").open("r+b") as file:
        file.seek(100)  # behind the header: the schema
        file.write(b"\xff" * 3000)

    with pytest.raises(DbError) as refused:
        await made(tmp_path / "app.db").on_boot(around())

    assert str(refused.value) == (
        f"db cannot use {tmp_path}/app.db: database disk image is malformed: restore a backup of it"
    )


@pytest.fixture
async def read_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Database]:
    async with standing(tmp_path / "app.db") as db:
        await db.execute("CREATE TABLE notes (text TEXT)")
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda path, **how: connect(f"file:{path}?mode=ro", uri=True, **how))
    async with standing(tmp_path / "app.db") as db:
        yield db


async def test_a_file_that_is_read_only_serves_reads_and_is_not_healthy(read_only: Database) -> None:
    assert await read_only.query("SELECT * FROM notes") == []

    with pytest.raises(Unavailable, match="readonly database"):
        await read_only.check_health()


async def test_a_write_to_a_read_only_file_is_logged_with_what_to_do(
    read_only: Database, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(Unavailable):
        await read_only.execute("INSERT INTO notes VALUES ('x')")

    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == [
        "db: the file cannot be used as it should: attempt to write a readonly database (READONLY): "
        "let this process write it, and its folder"
    ]


async def test_a_file_that_cannot_be_opened_any_more_is_logged(
    db: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "app.db").rename(tmp_path / "moved.db")
    (tmp_path / "app.db").mkdir()

    with pytest.raises(Unavailable):
        async for _ in db.stream("SELECT 1"):
            pass

    assert "unable to open database file (CANTOPEN): let this process read and write it" in caplog.text


async def test_health_stores_nothing_and_leaves_the_writer_as_it_was(db: Database) -> None:
    await sqlite_of(db).writer.run(lambda raw: raw.execute("PRAGMA user_version = 7").fetchall())

    await db.check_health()

    def looked(raw: sqlite3.Connection) -> list[object]:
        return [raw.execute(f"PRAGMA {name}").fetchone()[0] for name in ("user_version", "busy_timeout")]

    assert await sqlite_of(db).writer.run(looked) == [7, 5000]


@pytest.mark.parametrize("is_replaced", [False, True], ids=["deleted", "replaced"])
async def test_a_file_that_is_gone_is_not_healthy_and_no_connection_opens_another(
    db: Database, tmp_path: Path, is_replaced: bool
) -> None:
    (tmp_path / "app.db").rename(tmp_path / "backup.db")
    if is_replaced:
        sqlite3.connect(tmp_path / "app.db").close()

    with pytest.raises(Unavailable, match="was deleted or replaced: start again"):
        await db.check_health()
    with pytest.raises(Unavailable, match="was deleted or replaced"):
        await anext(db.stream("SELECT 1"))
    assert await db.query("SELECT n FROM counter") == [{"n": 0}]


async def test_health_does_not_wait_for_another_process_that_writes(tmp_path: Path) -> None:
    async with standing(tmp_path / "app.db", DB_WAIT_TIMEOUT_S=5) as db:
        other = sqlite3.connect(tmp_path / "app.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        began_s = monotonic()

        await db.check_health()

        assert monotonic() - began_s < 2
        other.execute("ROLLBACK")
        other.close()


@pytest.mark.parametrize("name", ["DB_TIMEOUT_S", "DB_WAIT_TIMEOUT_S"])
@pytest.mark.parametrize("value", ["inf", "nan", "1e12", "0"])
def test_a_time_without_bounds_is_refused(name: str, value: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=rf"\$\.{name}"):
        made(Path("x"), **{name: value})


@pytest.mark.parametrize("url", ["postgresql://u:secret@h/d", "sqlite://data/app.db", "sqlite:///a.db?mode=ro", "x"])
def test_a_url_of_something_else_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ValueError, match="DATABASE_URL") as caught:
        Sqlite(DbSettings(database_url=url))

    assert "secret" not in str(caught.value)


async def test_nothing_is_left_running_after_the_shutdown(tmp_path: Path) -> None:
    threads = threading.active_count()

    async with standing(tmp_path / "app.db") as db:
        await db.query("SELECT 1")

    assert threading.active_count() == threads
    assert [file.name for file in tmp_path.iterdir()] == ["app.db"]


async def test_what_runs_for_long_is_interrupted_at_the_shutdown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tools.db.sqlite.threads._PATIENCE_S", 0.1)
    threads = threading.active_count()

    async with standing(tmp_path / "app.db") as db:
        slow = [asyncio.create_task(db.query(COUNT_FOR_EVER)) for _ in range(8)]
        await asyncio.sleep(0.05)

    answers = await asyncio.gather(*slow, return_exceptions=True)

    assert {type(answer) for answer in answers} == {Unavailable}
    assert threading.active_count() == threads


async def test_what_hangs_in_the_disk_is_left_alone_at_the_shutdown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tools.db.sqlite.threads._PATIENCE_S", 0.1)
    monkeypatch.setattr("tools.db.sqlite.threads.DRAIN_TIMEOUT_S", 0.1)
    disk = threading.Event()

    async with standing(tmp_path / "app.db") as db:
        readers = sqlite_of(db).readers
        assert readers is not None
        hanging = asyncio.ensure_future(readers.run(lambda raw: disk.wait(10), 30))
        await asyncio.sleep(0.05)
        begin = monotonic()

    assert monotonic() - begin < 5
    with pytest.raises(QueryTimeoutError):
        await hanging
    disk.set()


# ------------------------------------------------------------ a process that ends

HANGS = """
import asyncio, sys
from pathlib import Path
from tests.tools.db.standing import made, around

async def main():
    db = made(Path(sys.argv[1]))
    await db.on_boot(around())

asyncio.run(main())
"""


def started(script: str, path: Path) -> "subprocess.Popen[str]":
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-c", script, str(path)], env=environ, stdout=subprocess.PIPE, text=True, cwd=path.parent
    )


def test_a_database_that_nobody_closed_does_not_keep_the_process_alive(tmp_path: Path) -> None:
    process = started(HANGS, tmp_path / "app.db")

    assert process.wait(20) == 0
    assert process.stdout is not None
    process.stdout.close()
