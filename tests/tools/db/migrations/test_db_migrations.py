"""Migrations of `Sqlite`: each once, each whole, in order, and what is wrong is refused before any runs."""

import argparse
import asyncio
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from hookspecs import Answer, System
from tests.tools.db.standing import ROOT, around, made, sqlite_of, standing
from tools.db.contract import Migration, MigrationError
from tools.db.database import Database

USERS = "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE);"
SLOW = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) INSERT INTO seeds SELECT x FROM c;"


def project(root: Path, files: Mapping[str, str], *answers: Answer) -> System:
    """Write `{"users/001_a": sql}` below `domains/`, and give the system that has them."""
    for name, sql in files.items():
        domain, _, file = name.partition("/")
        folder = root / "domains" / domain / "migrations"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / (file if "." in file else f"{file}.sql")).write_text(sql)
    return around(all_domains(root), answers)


def all_domains(root: Path) -> list[Path]:
    return sorted((root / "domains").glob("*"))


async def ledger(db: Database) -> list[str]:
    rows = await db.query("SELECT owner, name FROM _migrations ORDER BY rowid")
    return [f"{row['owner']}/{row['name']}" for row in rows]


async def refusal(path: Path, system: System) -> str:
    with pytest.raises(MigrationError) as caught:
        await made(path).on_boot(system)
    return str(caught.value)


async def run_command(db: Database, **arguments: Any) -> int:
    (command,) = db.register_commands()
    parser = argparse.ArgumentParser()
    command.arguments(parser)
    answer = command.run(parser.parse_args(["--plan"] if arguments.get("plan") else []))
    assert not isinstance(answer, int)
    return await answer


async def test_migrations_run_by_owner_and_number(tmp_path: Path) -> None:
    files = {"b/002_y": "", "b/001_x": "", "a/010_z": "", "a/002_y": "", "a/notes.md": "no migration"}
    note = Answer("a.note", "domains/a/plugins/note.py", [Migration("001_note", "CREATE TABLE note (x)")], None)

    async with standing(tmp_path / "app.db", project(tmp_path, files, note)) as db:
        assert await ledger(db) == ["a/002_y", "a/010_z", "a.note/001_note", "b/001_x", "b/002_y"]


async def test_a_migration_waits_for_what_it_depends_on(tmp_path: Path) -> None:
    files = {
        "orders/001_orders": "-- orders of users\n-- depends: users/002, z.plug/001\nCREATE TABLE orders (x);",
        "users/001_users": USERS,
        "users/002_more": "SELECT 1; -- depends: nothing/999 is no header here",
    }
    plug = Answer("z.plug", "plug.py", [Migration("001_plug", "")], None)

    async with standing(tmp_path / "app.db", project(tmp_path, files, plug)) as db:
        assert await ledger(db) == ["users/001_users", "users/002_more", "z.plug/001_plug", "orders/001_orders"]


async def test_a_second_boot_applies_only_what_is_new(tmp_path: Path) -> None:
    system = project(tmp_path, {"users/001_users": USERS + "INSERT INTO users (email) VALUES ('ana');"})
    async with standing(tmp_path / "app.db", system):
        pass
    system = project(tmp_path, {"users/002_age": "ALTER TABLE users ADD COLUMN age INTEGER;"})

    async with standing(tmp_path / "app.db", system) as db:
        assert await db.query("SELECT * FROM users") == [{"id": 1, "email": "ana", "age": None}]


async def test_triggers_literals_and_comments_may_hold_semicolons(tmp_path: Path) -> None:
    sql = """
        /* one; two */ CREATE TABLE t (x TEXT DEFAULT 'a;b'); -- and; so on
        CREATE TABLE seen (x);
        CREATE TRIGGER see AFTER INSERT ON t BEGIN
            INSERT INTO seen VALUES (CASE WHEN NEW.x = ';' THEN 1 END); INSERT INTO seen VALUES (2);
        END;
        INSERT INTO t VALUES (';');
        INSERT INTO t DEFAULT VALUES"""

    async with standing(tmp_path / "app.db", project(tmp_path, {"a/001_t": sql})) as db:
        assert [row["x"] for row in await db.query("SELECT x FROM t")] == [";", "a;b"]
        assert [row["x"] for row in await db.query("SELECT x FROM seen")] == [1, 2, None, 2]


async def test_a_migration_that_fails_is_rolled_back_whole_and_named(tmp_path: Path) -> None:
    system = project(
        tmp_path, {"a/001_good": "CREATE TABLE good (x);", "a/002_bad": "CREATE TABLE bad (x);\nNONSENSE;"}
    )

    message = await refusal(tmp_path / "app.db", system)

    assert message.startswith("domains/a/migrations/002_bad.sql:2 failed")
    assert 'near "NONSENSE": syntax error' in message
    async with standing(tmp_path / "app.db") as db:
        assert [table.name for table in await db.describe_schema()] == ["good"]
        assert await ledger(db) == ["a/001_good"]


async def test_sqlites_recipe_to_change_a_table_keeps_the_rows_that_refer_to_it(tmp_path: Path) -> None:
    files = {
        "a/001_tables": USERS + "CREATE TABLE notes (user_id INTEGER REFERENCES users(id) ON DELETE CASCADE);"
        "INSERT INTO users (email) VALUES ('ana'); INSERT INTO notes VALUES (1);",
        "a/002_rebuild": "CREATE TABLE users_new (id INTEGER PRIMARY KEY, email TEXT, age INTEGER);"
        "INSERT INTO users_new SELECT id, email, 7 FROM users; DROP TABLE users;"
        "ALTER TABLE users_new RENAME TO users;",
    }
    system = project(tmp_path, files)

    for _ in range(2):  # a restart repairs nothing, and so destroys nothing
        async with standing(tmp_path / "app.db", system) as db:
            assert await db.query("SELECT * FROM users") == [{"id": 1, "email": "ana", "age": 7}]
            assert await db.query("SELECT * FROM notes") == [{"user_id": 1}]
            assert await sqlite_of(db).writer.run(lambda raw: raw.execute("PRAGMA foreign_keys").fetchone()) == (1,)


async def test_a_migration_that_leaves_references_to_nothing_is_rolled_back(tmp_path: Path) -> None:
    files = {
        "a/001_tables": USERS + "CREATE TABLE notes (user_id INTEGER REFERENCES users(id));",
        "a/002_broken": "INSERT INTO notes VALUES (99);",
    }

    message = await refusal(tmp_path / "app.db", project(tmp_path, files))

    assert message.startswith("domains/a/migrations/002_broken.sql leaves rows of notes that refer to no row of users")


# ------------------------------------------------------------ refused before anything runs


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"b/001_x": "-- depends: a/001\n"}, "domains/b/migrations/001_x.sql depends on a/001, which is not there"),
        (
            {"b/001_x": "-- depends: users\n"},
            "domains/b/migrations/001_x.sql depends on 'users', which is no migration",
        ),
        ({"b/001_x": "", "b/001_y": ""}, "domains/b/migrations/001_y.sql has the number of domains/b/migrations/001_x"),
        ({"b/1_x": ""}, "domains/b/migrations/1_x.sql is no migration's name"),
        ({"b/001-x": ""}, "domains/b/migrations/001-x.sql is no migration's name"),
        ({"b/001_x.SQL": ""}, "domains/b/migrations/001_x.SQL is no migration's name"),
        ({"b/001_x": "CREATE TABLE t (x);\nCOMMIT;"}, "domains/b/migrations/001_x.sql:2 has COMMIT: leave it out"),
        (
            {"b/001_x": "-- depends: c/001\n", "c/001_y": "-- depends: b/001\n"},
            "domains/b/migrations/001_x.sql -> domains/c/migrations/001_y.sql",
        ),
    ],
    ids=["missing", "unreadable", "double", "short", "dash", "upper", "commit", "cycle"],
)
async def test_what_is_wrong_is_refused_before_anything_runs(
    tmp_path: Path, files: Mapping[str, str], message: str
) -> None:
    system = project(tmp_path, {"aa/001_first": "CREATE TABLE first (x);", **files})

    assert message in await refusal(tmp_path / "app.db", system)

    async with standing(tmp_path / "app.db") as db:
        assert await db.describe_schema() == []


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (Answer("a.b", "b.py", None, OSError("no disk")), "b.py gave no migrations, OSError: no disk"),
        (Answer("a.b", "b.py", [Migration("one", "")], None), "b.py has a migration 'one'"),
    ],
    ids=["raises", "name"],
)
async def test_a_plugin_whose_migrations_are_wrong_is_named(tmp_path: Path, answer: Answer, message: str) -> None:
    assert message in await refusal(tmp_path / "app.db", around(answers=[answer]))


async def test_an_edited_file_is_refused_and_nothing_after_it_runs(tmp_path: Path) -> None:
    async with standing(tmp_path / "app.db", project(tmp_path, {"a/001_users": USERS})):
        pass
    system = project(tmp_path, {"a/001_users": USERS + " ", "a/002_next": "CREATE TABLE next (x);"})

    message = await refusal(tmp_path / "app.db", system)

    assert message.startswith("domains/a/migrations/001_users.sql was edited after it was applied")
    async with standing(tmp_path / "app.db") as db:
        assert [table.name for table in await db.describe_schema()] == ["users"]


async def test_a_renamed_file_is_refused(tmp_path: Path) -> None:
    async with standing(tmp_path / "app.db", project(tmp_path, {"a/001_users": USERS})):
        pass
    (tmp_path / "domains/a/migrations/001_users.sql").rename(tmp_path / "domains/a/migrations/001_people.sql")

    message = await refusal(tmp_path / "app.db", around(all_domains(tmp_path)))

    assert message.startswith("domains/a/migrations/001_people.sql has the number of 001_users, which was applied")


async def test_other_line_endings_are_no_edit(tmp_path: Path) -> None:
    path = tmp_path / "domains/a/migrations/001_t.sql"
    async with standing(tmp_path / "app.db", project(tmp_path, {"a/001_t": "CREATE TABLE t (\nx);\n"})):
        pass
    path.write_bytes(b"CREATE TABLE t (\r\nx);\r\n")

    async with standing(tmp_path / "app.db", around(all_domains(tmp_path))) as db:
        assert await ledger(db) == ["a/001_t"]


async def test_a_deleted_feature_leaves_its_table_and_breaks_nothing(tmp_path: Path) -> None:
    note = Answer("a.note", "note.py", [Migration("001_note", "CREATE TABLE note (x)")], None)
    async with standing(tmp_path / "app.db", around(answers=[note])):
        pass

    async with standing(tmp_path / "app.db") as db:
        assert [table.name for table in await db.describe_schema()] == ["note"]


# ------------------------------------------------------------ time, and others


async def test_a_boot_that_is_cut_names_the_file_and_the_command(tmp_path: Path) -> None:
    system = project(tmp_path, {"a/001_seeds": "CREATE TABLE seeds (x);" + SLOW})

    with pytest.raises(MigrationError) as caught:
        async with asyncio.timeout(0.2):
            await made(tmp_path / "app.db").on_boot(system)

    assert "domains/a/migrations/001_seeds.sql was interrupted and rolled back" in str(caught.value)
    assert "python -m manifest migrate" in str(caught.value)
    async with standing(tmp_path / "app.db") as db:
        assert await db.describe_schema() == []


BOOTS = """
import asyncio, sys
from pathlib import Path
from tests.tools.db.standing import standing
from tests.tools.db.migrations.test_db_migrations import around, all_domains

async def main():
    root = Path(sys.argv[1])
    async with standing(root / "app.db", around(all_domains(root))) as db:
        print((await db.query_one("SELECT count(*) AS n FROM seeds"))["n"])

asyncio.run(main())
"""


def test_processes_that_start_at_once_migrate_once(tmp_path: Path) -> None:
    numbers = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 100000) INSERT INTO seeds SELECT x"
    files = {f"a/{n:03}_seeds": f"{numbers} FROM c;" for n in range(2, 6)}
    project(tmp_path, {"a/001_seeds": "CREATE TABLE seeds (x);", **files})
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}

    processes = [
        subprocess.Popen([sys.executable, "-c", BOOTS, str(tmp_path)], env=environ, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]

    assert [(process.communicate(timeout=50)[0].strip(), process.returncode) for process in processes] == [
        ("400000", 0)
    ] * 3


# ------------------------------------------------------------ the command


async def test_without_db_migrate_the_boot_only_warns(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with standing(tmp_path / "app.db", project(tmp_path, {"a/001_users": USERS}), DB_MIGRATE="false") as db:
        assert await db.describe_schema() == []

    assert "db has 1 pending migrations" in caplog.text


async def test_the_plan_lists_what_is_pending_and_applies_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    system = project(tmp_path, {"a/001_users": USERS, "b/001_x": ""})

    async with standing(tmp_path / "app.db", system, DB_MIGRATE="false") as db:
        assert await run_command(db, plan=True) == 0
        assert await db.describe_schema() == []

    shown = capsys.readouterr().out.splitlines()
    assert shown == [
        "sqlite: 2 pending",
        "pending a 001_users: domains/a/migrations/001_users.sql",
        "pending b 001_x: domains/b/migrations/001_x.sql",
    ]


async def test_migrate_applies_and_tells_each(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    system = project(tmp_path, {"a/001_users": USERS})

    async with standing(tmp_path / "app.db", system, DB_MIGRATE="false") as db:
        codes = [await run_command(db), await run_command(db)]

    shown = capsys.readouterr().out.splitlines()
    assert (codes, shown) == ([0, 0], ["applied domains/a/migrations/001_users.sql", "1 applied", "0 applied"])


async def test_migrate_that_fails_exits_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    system = project(tmp_path, {"a/001_bad": "NONSENSE;"})

    async with standing(tmp_path / "app.db", system, DB_MIGRATE="false") as db:
        assert await run_command(db) == 1

    assert capsys.readouterr().err.startswith("domains/a/migrations/001_bad.sql:1 failed")


# ------------------------------------------------------------ facts


async def test_each_table_is_a_fact_of_who_made_it(tmp_path: Path) -> None:
    files = {
        "users/001_users": USERS + 'CREATE TABLE IF NOT EXISTS "odd name" (x); CREATE TABLE _own (x);',
        "users/002_rename": "ALTER TABLE users RENAME TO people;",
    }
    note = Answer("users.note", "note.py", [Migration("001_note", "CREATE TABLE note (x)")], None)

    async with standing(tmp_path / "app.db", project(tmp_path, files, note)) as db:
        facts = list(db.describe())

    assert [(fact.kind, fact.owner, fact.name) for fact in facts] == [
        ("table", "users.note", "note"),
        ("table", "users", "odd name"),
        ("table", "users", "people"),
    ]
    assert facts[2].data["unique"] == [["email"]]
    assert facts[2].data["columns"][0] == {
        "name": "id", "type": "integer", "nullable": False, "default": None, "primary_key": True
    }  # fmt: skip
