"""R6: a disk that is full, or a file that is damaged: told at once, nothing lost, and no restart when it is mended.

"Full" is SQLite's own limit of pages, which it answers as it does ENOSPC; a disk that answers with errors is in
test_disk_errors.py.
"""

import random
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.tools.db.standing import sqlite_of
from tests.tools.db.torture.engines import standing
from tests.tools.db.torture.workload import SCHEMA, STORED, TORN, WRITES, numbers
from tools.db.contract import DbError, Unavailable

ROW_BYTES = 3_000  # about a page each
DAMAGES = 300
TOLD = {
    "malformed": "restore a backup of it",
    "not a database": "restore a backup of it",
    "disk I/O error": "check its disk",  # a file shorter than its first page
    "it is not known whether": "check its disk",  # a write found no page where one should be
    "Could not decode to UTF-8": "",  # of a text's own bytes, which anybody may have written
}
"""What is told of damage, and the remedy that the log or the message has."""


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Any]:
    async with standing(f"sqlite:///{tmp_path}/app.db") as db:
        for statement in SCHEMA:
            await db.execute(statement)
        await db.execute("CREATE TABLE blobs (n INTEGER PRIMARY KEY, text TEXT)")
        yield db


async def limit_pages(db: Any, more: int | None) -> None:
    """Let the file grow by so many pages; None lifts the limit."""

    def job(raw: sqlite3.Connection) -> None:
        (now,) = raw.execute("PRAGMA page_count").fetchone()
        raw.execute(f"PRAGMA max_page_count = {1_000_000 if more is None else now + more}")

    await sqlite_of(db).writer.run(job)


async def large(db: Any, number: int) -> None:
    async with db.transaction():
        await db.execute("INSERT INTO lefts (n) VALUES (?)", (number,))
        await db.execute("INSERT INTO blobs (n, text) VALUES (?, ?)", (number, "x" * ROW_BYTES))
        await db.execute("INSERT INTO rights (n) VALUES (?)", (number,))


async def test_full_after_each_of_40_pages_every_write_is_stored_or_told_and_later_ones_work(db: Any) -> None:
    acknowledged, number = set[int](), 0
    for more in range(40):
        await limit_pages(db, more)
        refused = 0
        while refused < 8:
            number += 1
            try:
                await (large if number % 2 else WRITES[number // 2 % len(WRITES)])(db, number)
                acknowledged.add(number)
            except Unavailable:
                refused += 1
        assert await numbers(db, TORN) == set()  # reads go on while it is full
        await limit_pages(db, None)
        number += 1
        await large(db, number)
        acknowledged.add(number)

    assert await numbers(db, STORED) == acknowledged
    assert {row["n"] for row in await db.query("SELECT n FROM blobs")} <= acknowledged
    assert await db.query("SELECT * FROM pragma_integrity_check") == [{"integrity_check": "ok"}]


async def test_what_is_full_is_logged_with_what_to_do(db: Any, caplog: pytest.LogCaptureFixture) -> None:
    await limit_pages(db, 0)

    with pytest.raises(Unavailable):
        for number in range(50):
            await large(db, number)

    assert caplog.records[0].getMessage() == (
        "db: the file cannot be used as it should: database or disk is full (FULL): free space on its disk"
    )


# ------------------------------------------------------------ damaged


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Make a file of about a hundred pages: rows, an index, rows that overflow their page."""
    path = tmp_path / "app.db"
    raw = sqlite3.connect(path)
    raw.executescript(
        "PRAGMA journal_mode = WAL; CREATE TABLE sound (n INTEGER PRIMARY KEY); INSERT INTO sound VALUES (1)"
    )
    raw.execute("CREATE TABLE notes (n INTEGER PRIMARY KEY, name TEXT UNIQUE, text TEXT)")
    rows = [(n, f"name {n * 7919 % 500}", "x" * (n % 50 * 200)) for n in range(100)]
    raw.executemany("INSERT INTO notes VALUES (?, ?, ?)", rows)
    raw.commit()
    raw.close()
    return path


def damage(path: Path, chance: random.Random) -> None:
    """Change some bytes somewhere: a page's head, its end, a part of it, or all of it; or cut the file."""
    size = path.stat().st_size
    page = chance.randrange(size // 4_096) * 4_096
    offset, count = chance.choice([(page, 8), (page, 4_096), (page + 4_000, 96), (page + chance.randrange(4_096), 16)])
    with path.open("r+b") as file:
        if chance.random() < 0.1:
            file.truncate(page + 1_000)
            return
        file.seek(offset)
        file.write(chance.choice([bytes(count), b"\xff" * count, chance.randbytes(count)]))


async def used(path: Path) -> list[str]:
    """Boot on it, and use all of it in every way; answers with what was told, each a DbError with its remedy."""
    told = []
    try:
        async with standing(f"sqlite:///{path}") as db:
            for work in (read_rows, read_index, stream_rows, write_rows, write_rows, change_rows, db_is_well):
                try:
                    await work(db)
                except DbError as error:
                    told.append(str(error))
            assert await db.query("SELECT 1 AS n") == [{"n": 1}]  # it serves what it can
    except DbError as error:
        told.append(str(error))
    return told


async def test_what_has_been_found_damaged_is_read_as_far_as_that_goes_and_not_written_any_more(file: Path) -> None:
    async with standing(f"sqlite:///{file}") as db:
        with file.open("r+b") as raw:
            raw.seek(5 * 4_096)
            raw.write(b"\xff" * (file.stat().st_size - 5 * 4_096))
        await db.execute("INSERT INTO sound VALUES (2)")
        with pytest.raises(Unavailable, match="malformed"):
            await read_rows(db)
        before = file.with_name("app.db-wal").read_bytes()

        for refused in (db.execute("INSERT INTO sound VALUES (3)"), write_rows(db), db_is_well(db)):
            with pytest.raises(Unavailable, match="damaged, .* restore a backup of it"):
                await refused

        assert await db.query("SELECT n FROM sound") == [{"n": 1}, {"n": 2}]
        assert file.with_name("app.db-wal").read_bytes() == before


async def read_rows(db: Any) -> None:
    await db.query("SELECT n, name, text FROM notes ORDER BY n")


async def read_index(db: Any) -> None:
    await db.query("SELECT name FROM notes ORDER BY name")


async def stream_rows(db: Any) -> None:
    async for _ in db.stream("SELECT * FROM notes"):
        pass


async def write_rows(db: Any) -> None:
    async with db.transaction():
        sql = "INSERT INTO notes (name, text) VALUES (?, 'y')"
        await db.execute_many(sql, [(f"new {random.random()}",) for _ in range(20)])


async def change_rows(db: Any) -> None:
    await db.execute("UPDATE notes SET text = text || 'z', name = name || 'z'")


async def db_is_well(db: Any) -> None:
    await db.check_health()


async def test_300_kinds_of_damage_are_told_with_the_remedy_and_end_no_process(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    whole, counts = file.read_bytes(), {"noticed": 0, "unnoticed": 0}
    for number in range(DAMAGES):
        for leftover in ("-wal", "-shm"):
            Path(f"{file}{leftover}").unlink(missing_ok=True)
        file.write_bytes(whole)
        damage(file, random.Random(number))
        caplog.clear()

        told = await used(file)

        counts["noticed" if told else "unnoticed"] += 1
        for one in told:
            remedies = [remedy for words, remedy in TOLD.items() if words in one]
            assert remedies, f"{one!r} is none of {list(TOLD)}"
            assert remedies[0] in one + caplog.text

    # there are no checksums in SQLite: what hits only the text of a row is a text like any other
    assert counts["noticed"] > DAMAGES / 2, counts
