"""`python -m manifest migrate`: what it prints, what it writes, and its exit codes."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tools.db.migrations.stage import Stage, plugin
from tests.tools.db.standing import ROOT

USERS = "CREATE TABLE users (id INTEGER PRIMARY KEY);"
ORDERS = "-- depends: users/001, a.b/001\nCREATE TABLE orders (id INTEGER PRIMARY KEY);"
CARRIED = plugin("a.b", _001_b="CREATE TABLE b (x TEXT)")
SLOW = {
    "sqlite": "-- engine: sqlite\nWITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 30000000) "
    "SELECT count(*) FROM c;",
    "postgresql": "-- engine: postgresql\nSELECT pg_sleep(2.5);",
}


async def test_the_plan_lists_what_is_pending_in_order_and_writes_nothing(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {"orders/001_orders": ORDERS, "users/001_users": USERS}

    codes = [await stage.command(flag, files=files, plugins=[CARRIED]) for flag in ("--plan", "--check")]

    lines = [
        "3 pending",
        "pending a.b 001_b: domains/a/plugins/b.py:001_b",
        "pending users 001_users: domains/users/migrations/001_users.sql",
        "pending orders 001_orders: domains/orders/migrations/001_orders.sql, depends on users/001, a.b/001",
    ]
    shown = capsys.readouterr().out.replace("sqlite: ", "").replace("postgresql: ", "").splitlines()
    assert (codes, shown) == ([0, 1], lines * 2)
    assert await stage.tables() == set()


async def test_migrate_applies_and_tells_each(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    codes = [await stage.command(*flags, files={"a/001_users": USERS}) for flags in ([], [], ["--check"])]

    assert codes == [0, 0, 0]
    assert capsys.readouterr().out.splitlines()[:3] == [
        "applied domains/a/migrations/001_users.sql",
        "1 applied",
        "0 applied",
    ]


@pytest.mark.parametrize("flags", [[], ["--plan"], ["--check"]], ids=["migrate", "plan", "check"])
async def test_what_is_wrong_is_an_exit_code_of_1(
    stage: Stage, flags: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    await stage.apply({"a/001_users": USERS})

    assert await stage.command(*flags, files={"a/001_users": USERS + " "}) == 1

    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("domains/a/migrations/001_users.sql was edited after it was applied")


async def test_a_step_that_fails_is_an_exit_code_of_1(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    assert await stage.command(files={"a/001_users": USERS, "a/002_bad": "NONSENSE;"}) == 1

    shown = capsys.readouterr()
    assert shown.out == "applied domains/a/migrations/001_users.sql\n"
    assert shown.err.startswith("domains/a/migrations/002_bad.sql:1 failed and its file was rolled back: ")


@pytest.mark.slow
async def test_what_takes_long_is_told_with_its_file_and_time(stage: Stage) -> None:
    told = await stage.apply({f"a/001_slow_{name}": sql for name, sql in SLOW.items()})

    async with stage.steps() as steps:
        file = f"domains/a/migrations/001_slow_{steps.name}.sql"
    assert told[0] == f"applying {file}, 2 s"
    assert told[-1] == f"applied {file}"


# ------------------------------------------------------------ what was applied and is no longer here


async def test_a_deleted_plugin_leaves_its_table_and_rows_and_is_listed(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    note = plugin("notes.add_note", _001_notes="CREATE TABLE notes (x TEXT); INSERT INTO notes VALUES ('kept')")
    await stage.apply({"a/001_users": USERS}, note)

    codes = [await stage.command(*flags) for flags in (["--plan"], ["--check"], [])]

    assert codes == [0, 0, 0]
    assert capsys.readouterr().out.count("applied, no longer here: notes.add_note 001_notes (table notes)\n") == 2
    assert await stage.query("SELECT x FROM notes") == [{"x": "kept"}]
    assert await stage.apply({}, note) == []


async def test_a_leftover_names_only_tables_that_still_stand(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    await stage.apply(
        {}, plugin("a.b", _001_b="CREATE TABLE b (x TEXT); CREATE TABLE c (x TEXT); CREATE TABLE d (x TEXT)")
    )
    await stage.query("DROP TABLE b")

    await stage.command("--plan")

    assert capsys.readouterr().out.splitlines()[1:] == ["applied, no longer here: a.b 001_b (tables c, d)"]


async def test_a_file_that_vanished_from_a_domain_that_is_here_is_a_warning(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    await stage.apply({"a/001_users": USERS, "a/002_more": "CREATE TABLE more (x TEXT)"})
    stage.path("a/002_more").unlink()

    assert await stage.command("--plan") == 0

    assert capsys.readouterr().out.splitlines()[1:] == [
        "applied, no longer here: a 002_more (table more): a is still here, so put it back: "
        "a new database would lack what it did"
    ]


# ------------------------------------------------------------ the whole of it, as somebody types it

GREEDY = """
from hookspecs import hookimpl
from tools.db.contract import Migration


class Greedy:
    def __init__(self, db):
        self.db = db

    @hookimpl
    def register_migrations(self):
        return [Migration("001_greedy", "CREATE TABLE greedy (id INTEGER PRIMARY KEY)")]

    @hookimpl
    async def on_boot(self):
        await self.db.query("SELECT * FROM greedy")
"""


def migrate(root: Path, *flags: str, url: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "manifest", "migrate", *flags],
        cwd=root,
        env={**os.environ, "DATABASE_URL": url or f"sqlite:///{root / 'data' / 'app.db'}"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("asgi.py", "hookspecs.py"):
        shutil.copy(ROOT / name, tmp_path)
    for name in ("kernel", "tools", "domains", "manifest"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "domains/notes/plugins").mkdir(parents=True)
    return tmp_path


@pytest.mark.slow
def test_a_database_that_is_not_there_is_looked_for_and_not_made(tree: Path) -> None:
    for flag in ("--check", "--plan"):
        done = migrate(tree, flag)

        assert done.returncode == 1
        assert f"db finds no file {tree / 'data' / 'app.db'}: correct DATABASE_URL, or make" in done.stderr
    assert not (tree / "data" / "app.db").exists()
    assert migrate(tree, url=f"sqlite:///{tree / 'asgi.py' / 'app.db'}").returncode == 1
    assert migrate(tree).returncode == 0
    assert migrate(tree, "--check").returncode == 0


@pytest.mark.slow
def test_on_postgresql_a_database_url_is_the_only_difference(tree: Path, postgres_url: str) -> None:
    flags: list[list[str]] = [["--check"], [], ["--check"]]
    done = [migrate(tree, *one, url=postgres_url) for one in flags]
    nowhere = migrate(tree, "--check", url=postgres_url.replace("/test_", "/none_"))

    assert [one.returncode for one in done] == [1, 0, 0], [one.stderr for one in done]
    assert "applied domains/users/migrations/001_users.sql" in done[1].stdout
    assert done[2].stdout == "postgresql: 0 pending\n"
    assert nowhere.returncode == 1
    assert "does not exist" in nowhere.stderr


@pytest.mark.slow
def test_a_plugin_that_reads_its_table_at_boot_does_not_keep_it_from_being_made(tree: Path) -> None:
    (tree / "domains/notes/plugins/greedy.py").write_text(GREEDY)

    done = migrate(tree)

    assert "applied domains/notes/plugins/greedy.py:001_greedy" in done.stdout
    assert done.returncode == 0
    assert migrate(tree, "--check").returncode == 0


@pytest.mark.slow
def test_a_plugin_that_cannot_be_read_stops_migrate(tree: Path) -> None:
    (tree / "domains/notes/plugins/greedy.py").write_text(GREEDY + "\n1 +")

    done = migrate(tree)

    assert done.returncode == 1
    assert "domains/notes/plugins/greedy.py is broken, so what it stores is not known" in done.stderr
    assert done.stdout == ""
