"""What the boot does with migrations: applies them within its limit, or only warns, and tells who made each table."""

import asyncio
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

from hookspecs import Answer, System
from tests.tools.db.migrations.stage import SqliteStage, plugin
from tests.tools.db.standing import around, made, standing
from tools.db.contract import DbError, ForeignKeyError, MigrationError

USERS = "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE);"
SLOW = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) INSERT INTO seeds SELECT x FROM c;"


def project(stage: SqliteStage, files: Mapping[str, str], *answers: Answer) -> System:
    stage.write(files)
    return around(sorted((stage.root / "domains").glob("*")), answers)


async def test_the_boot_applies_what_is_pending_and_foreign_keys_hold_after_it(on_sqlite: SqliteStage) -> None:
    system = project(on_sqlite, {"a/001_users": USERS + "CREATE TABLE notes (user_id INTEGER REFERENCES users (id));"})

    async with standing(on_sqlite.root / "app.db", system) as db:
        with pytest.raises(ForeignKeyError):
            await db.execute("INSERT INTO notes VALUES (1)")


async def test_a_boot_that_is_cut_names_the_file_and_the_command(on_sqlite: SqliteStage) -> None:
    system = project(on_sqlite, {"a/001_seeds": "CREATE TABLE seeds (x INTEGER);" + SLOW})

    with pytest.raises(MigrationError) as caught:
        async with asyncio.timeout(0.3):
            await made(on_sqlite.root / "app.db").on_boot(system)

    assert str(caught.value) == (
        "domains/a/migrations/001_seeds.sql was interrupted and rolled back: "
        "if that was the limit of the boot, run `python -m manifest migrate`, which has none"
    )
    assert await on_sqlite.tables() == set()


async def test_without_db_migrate_the_boot_only_warns(on_sqlite: SqliteStage, caplog: pytest.LogCaptureFixture) -> None:
    async with standing(
        on_sqlite.root / "app.db", project(on_sqlite, {"a/001_users": USERS}), DB_MIGRATE="false"
    ) as db:
        assert await db.describe_schema() == []

    assert "db has 1 pending migrations" in caplog.text


async def test_without_db_create_a_file_that_is_not_there_is_refused_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(DbError) as caught:
        await made(tmp_path / "typo.db", DB_CREATE="false").on_boot(around())

    assert str(caught.value) == (
        f"db finds no file {tmp_path}/typo.db: correct DATABASE_URL, or make it with `python -m manifest migrate`"
    )
    assert list(tmp_path.iterdir()) == []


async def test_a_ledger_of_old_is_read_and_goes_on(on_sqlite: SqliteStage) -> None:
    await on_sqlite.apply({"a/001_users": USERS})
    await on_sqlite.query("ALTER TABLE _migrations DROP COLUMN tables")

    assert await on_sqlite.command("--plan") == 0
    assert await on_sqlite.apply({"a/002_more": "CREATE TABLE more (x TEXT)"}) == [
        "applied domains/a/migrations/002_more.sql"
    ]
    assert [row["tables"] for row in await on_sqlite.query("SELECT tables FROM _migrations")] == ["[]", '["more"]']


async def test_a_step_that_waits_for_another_writer_says_so(on_sqlite: SqliteStage) -> None:
    await on_sqlite.apply({"a/001_users": USERS})

    with closing(sqlite3.connect(on_sqlite.root / "app.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        asyncio.get_running_loop().call_later(2.5, other.execute, "ROLLBACK")
        told = await on_sqlite.apply({"a/002_more": "CREATE TABLE more (x TEXT)"})

    file = "domains/a/migrations/002_more.sql"
    assert told == [
        f"waiting for another process that writes to the database, to apply {file}, 2 s",
        f"applied {file}",
    ]


async def test_each_table_is_a_fact_of_who_made_it(on_sqlite: SqliteStage) -> None:
    files = {
        "users/001_users": USERS + 'CREATE TABLE IF NOT EXISTS "odd name" (x TEXT); CREATE TABLE _own (x TEXT);',
        "users/002_rename": "ALTER TABLE users RENAME TO people;",
    }
    note = plugin("users.note", _001_note="CREATE TABLE note (x TEXT)")

    async with standing(on_sqlite.root / "app.db", project(on_sqlite, files, note)) as db:
        facts = list(db.describe())

    assert [(fact.kind, fact.owner, fact.name) for fact in facts] == [
        ("table", "users.note", "note"),
        ("table", "users", "odd name"),
        ("table", "users", "people"),
    ]
    assert facts[2].data["unique"] == [["email"]]
    assert [column["name"] for column in facts[2].data["columns"]] == ["id", "email"]
