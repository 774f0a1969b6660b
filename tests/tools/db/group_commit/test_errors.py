"""Writes that wait for their turn share one COMMIT, and not their errors."""

import asyncio
import contextlib
import sqlite3
from pathlib import Path

import msgspec

from tests.tools.db.group_commit.sharing import Disk, add, kinds, texts, together
from tools.db.contract import (
    UniqueError,
)
from tools.db.database import Database


class Note(msgspec.Struct):
    id: int
    text: str
    missing: int


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


async def test_keys_are_those_of_the_table_as_another_process_left_it(db: Database, tmp_path: Path) -> None:
    await db.execute("CREATE TABLE keyed (id INTEGER PRIMARY KEY, text TEXT)")
    insert = "INSERT INTO keyed (text) VALUES ('x')"
    assert await together(db, db.execute(insert), db.execute(insert)) == [1, 2]

    with contextlib.closing(sqlite3.connect(tmp_path / "app.db", isolation_level=None)) as other:
        other.execute("DROP TABLE keyed")
        other.execute("CREATE TABLE keyed (number INTEGER PRIMARY KEY, text TEXT)")
        other.execute("INSERT INTO keyed VALUES (70, 'x')")

    assert await together(db, db.execute(insert), db.execute(insert)) == [71, 72]


async def test_a_group_after_one_that_failed_is_wary_and_right(db: Database) -> None:
    for wave in range(4):
        works = [add(db, f"{wave}/{number}") for number in range(6)]
        answers = await together(db, *works[:3], add(db, "0/0"), *works[3:])

        assert [isinstance(answer, UniqueError) for answer in answers] == [False] * 3 + [True] + [
            False
        ] * 3 or wave == 0

    assert len(await texts(db)) == 24
