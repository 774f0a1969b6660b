"""What is wrong is refused before anything runs: every fault at once, each with its file, the same on every engine."""

from collections.abc import Mapping

import pytest

from hookspecs import Answer
from tests.tools.db.migrations.stage import Stage, plugin
from tools.db.contract import Migration

USERS = "CREATE TABLE users (id INTEGER PRIMARY KEY);"
B = "domains/b/migrations/"
FAULTS: dict[str, tuple[Mapping[str, str], str]] = {
    "missing": (
        {"b/001_x": "-- depends: a/001\n"},
        f"{B}001_x.sql depends on a/001, which is not there: add it or name another",
    ),
    "unreadable": (
        {"b/001_x": "-- depends: users\n"},
        f"{B}001_x.sql depends on 'users', which is no migration: write it like users/001",
    ),
    "nothing": (
        {"b/001_x": "-- depends:\n"},
        f"{B}001_x.sql depends on nothing: name a step like users/001, or take the header out",
    ),
    "double": (
        {"b/001_x": "", "b/001_y": ""},
        f"{B}001_y.sql has the number of {B}001_x.sql: give it the next one",
    ),
    "double on one engine": (
        {"b/001_x": "-- engine: postgresql\n", "b/001_y": "-- engine: postgresql\n"},
        f"{B}001_y.sql has the number of {B}001_x.sql: give it the next one",
    ),
    "double with a file for both": (
        {"b/001_x": "", "b/001_y": "-- engine: sqlite\n"},
        f"{B}001_y.sql has the number of {B}001_x.sql: give it the next one",
    ),
    "short": ({"b/1_x": ""}, f"{B}1_x.sql is no migration's name: call it like 001_what_it_does.sql"),
    "dash": ({"b/001-x": ""}, f"{B}001-x.sql is no migration's name: call it like 001_what_it_does.sql"),
    "commit": (
        {"b/001_x": "CREATE TABLE t (x TEXT);\nCOMMIT;"},
        f"{B}001_x.sql:2 has COMMIT: leave it out, each file is one transaction",
    ),
    "cycle": (
        {"b/001_x": "-- depends: c/001\n", "c/001_y": "-- depends: b/001\n"},
        f"migrations depend on each other, {B}001_x.sql -> domains/c/migrations/001_y.sql -> {B}001_x.sql: "
        "take one `depends` out",
    ),
    "unknown engine": (
        {"b/001_x": "-- engine: postgres\n"},
        f"{B}001_x.sql has engine 'postgres', which is none: write postgresql or sqlite, or leave the header out "
        "for both",
    ),
    "two engines": (
        {"b/001_x": "-- engine: sqlite\n-- engine: postgresql\n"},
        f"{B}001_x.sql has two engine headers: keep one, or leave both out for every engine",
    ),
    "transaction": (
        {"b/001_x": "-- transaction: off\n"},
        f"{B}001_x.sql has transaction 'off': write none, or leave the header out for the usual one",
    ),
    "misspelt": (
        {"b/001_x": "-- depend: users/001\n"},
        f"{B}001_x.sql has header 'depend', which is none: write 'depends', or reword the comment",
    ),
}


@pytest.mark.parametrize("case", FAULTS)
async def test_a_fault_is_refused_before_anything_runs(stage: Stage, case: str) -> None:
    files, message = FAULTS[case]

    assert await stage.refusal({"aa/001_first": USERS, **files}) == message

    assert await stage.tables() == set()


async def test_all_faults_are_shown_together(stage: Stage) -> None:
    await stage.apply({"a/001_users": USERS})
    files = {"a/001_users": USERS + " ", "b/1_x": "", "b/002_y": "-- depends: c/009\n-- engines: sqlite\n"}

    message = await stage.refusal(files, plugin("c.note", _one=""))

    assert message.split("\n     - ") == [
        "5 faults in migrations, and nothing was applied:",
        f"{B}1_x.sql is no migration's name: call it like 001_what_it_does.sql",
        "domains/c/plugins/note.py has a migration 'one': call it like 001_what_it_does",
        f"{B}002_y.sql has header 'engines', which is none: write 'engine', or reword the comment",
        f"{B}002_y.sql depends on c/009, which is not there: add it or name another",
        "domains/a/migrations/001_users.sql was edited after it was applied: put it back, "
        "and write the change as the next number",
    ]


async def test_a_plugin_that_cannot_tell_its_migrations_is_named(stage: Stage) -> None:
    message = await stage.refusal({}, Answer("a.b", "domains/a/plugins/b.py", None, OSError("no disk")))

    assert message == "domains/a/plugins/b.py gave no migrations, OSError: no disk"


async def test_a_plugin_that_gives_text_for_a_migration_is_told_what_to_write(stage: Stage) -> None:
    message = await stage.refusal({}, Answer("a.b", "domains/a/plugins/b.py", ["CREATE TABLE t (x INTEGER)"], None))

    assert message == (
        "domains/a/plugins/b.py gives 'CREATE TABLE t (x INTEGER)' as a migration: "
        'write Migration("001_notes", "CREATE TABLE ...")'
    )


async def test_a_file_that_is_no_text_is_named(stage: Stage) -> None:
    stage.write({"a/001_x": ""})
    stage.path("a/001_x").write_bytes(b"\xff\xfe\x00")

    assert (await stage.refusal()).startswith("domains/a/migrations/001_x.sql cannot be read, 'utf-8' codec")


async def test_two_plugins_of_one_owner_never_share_a_number(stage: Stage) -> None:
    steps = [Migration("001_a", ""), Migration("001_b", "")]

    message = await stage.refusal({}, Answer("a.b", "b.py", steps, None))

    assert message == "b.py:001_b has the number of b.py:001_a: give it the next one"


# ------------------------------------------------------------ what differs from the ledger


async def test_an_edited_file_is_refused_and_nothing_after_it_runs(stage: Stage) -> None:
    await stage.apply({"a/001_users": USERS})

    message = await stage.refusal({"a/001_users": USERS + " ", "a/002_next": "CREATE TABLE next (x TEXT);"})

    assert message == (
        "domains/a/migrations/001_users.sql was edited after it was applied: put it back, "
        "and write the change as the next number"
    )
    assert await stage.tables() == {"users", "_migrations"}


async def test_a_renamed_file_is_refused(stage: Stage) -> None:
    await stage.apply({"a/001_users": USERS})
    stage.path("a/001_users").rename(stage.path("a/001_people"))

    assert await stage.refusal() == (
        "domains/a/migrations/001_people.sql has the number of 001_users, which was applied: "
        "give it the next one, or its name back"
    )


async def test_a_number_below_one_that_was_applied_is_refused(stage: Stage) -> None:
    await stage.apply({"a/001_users": USERS, "a/003_c": "", "b/009_z": ""})

    assert await stage.refusal({"a/002_b": "CREATE TABLE b (x TEXT)", "b/010_y": ""}) == (
        "domains/a/migrations/002_b.sql comes before 003_c, which was applied: give it a number after that one, "
        "so that every database gets the same order"
    )
    assert "b" not in await stage.tables()


async def test_a_file_that_is_now_for_another_engine_was_edited(stage: Stage) -> None:
    await stage.apply({"a/001_users": USERS})
    async with stage.steps() as steps:
        other = {"sqlite": "postgresql", "postgresql": "sqlite"}[steps.name]

    assert await stage.refusal({"a/001_users": f"-- engine: {other}\n{USERS}"}) == (
        f"domains/a/migrations/001_users.sql was edited after it was applied, and is now for {other} only: "
        "put it back, and write the change as the next number"
    )
