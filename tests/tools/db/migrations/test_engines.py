"""`-- engine:` and `-- transaction:` headers: what is one engine's own, and what runs outside of a transaction."""

import pytest

from hookspecs import Answer
from tests.tools.db.migrations.stage import PostgresStage, SqliteStage, Stage
from tools.db.contract import Migration

ITEMS = "CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT NOT NULL);"
SEEN = "CREATE TABLE seen (name TEXT);"
PAIR = {
    "a/001_items": ITEMS + SEEN,
    "a/002_see_sqlite": "-- engine: sqlite\n"
    "CREATE TRIGGER see AFTER INSERT ON items BEGIN\n"
    "  INSERT INTO seen VALUES (CASE WHEN NEW.name = ';' THEN 'semicolon' ELSE NEW.name END);\n"
    "  INSERT INTO seen VALUES ('and again; of course');\n"
    "END;\n"
    "INSERT INTO items (name) VALUES (';');",
    "a/002_see_postgresql": "-- engine: postgresql\n"
    "CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $body$ BEGIN\n"
    "  INSERT INTO seen VALUES (CASE WHEN NEW.name = ';' THEN 'semicolon' ELSE NEW.name END);\n"
    "  INSERT INTO seen VALUES ('and again; of course'); RETURN NULL;\n"
    "END $body$;\n"
    "CREATE TRIGGER see AFTER INSERT ON items FOR EACH ROW EXECUTE FUNCTION see();\n"
    "INSERT INTO items (name) VALUES (';');",
    "a/003_more": "-- depends: a/002\nINSERT INTO items (name) VALUES ('x');",
}


async def test_of_two_files_of_one_number_each_engine_runs_its_own(stage: Stage) -> None:
    await stage.apply(PAIR)

    assert await stage.apply() == []
    assert [row["name"] for row in await stage.query("SELECT name FROM seen")] == [
        "semicolon",
        "and again; of course",
        "x",
        "and again; of course",
    ]
    assert len(await stage.ledger()) == 3


async def test_a_plugin_carries_a_step_for_each_engine_under_one_name(stage: Stage) -> None:
    steps = [
        Migration("001_t", f"-- engine: {name}\nCREATE TABLE t_{name} (x TEXT)") for name in ("sqlite", "postgresql")
    ]
    answer = Answer("a.b", "b.py", steps, None)

    assert await stage.apply({}, answer) == ["applied b.py:001_t"]
    async with stage.steps() as engine:
        assert await stage.tables() == {"_migrations", f"t_{engine.name}"}
    assert await stage.apply({}, answer) == []


async def test_the_other_engines_file_may_still_change(stage: Stage) -> None:
    async with stage.steps() as steps:
        other = {"sqlite": "postgresql", "postgresql": "sqlite"}[steps.name]
    await stage.apply({"a/001_x": f"-- engine: {other}\nNONSENSE;", "a/002_y": ""})

    assert await stage.apply({"a/001_x": f"-- engine: {other}\nNONSENSE AGAIN;"}) == []


async def test_a_step_that_depends_on_one_of_another_engine_is_told_so(on_sqlite: SqliteStage) -> None:
    message = await on_sqlite.refusal({"a/001_x": "-- engine: postgresql\n", "b/001_y": "-- depends: a/001\n"})

    assert message == (
        "domains/b/migrations/001_y.sql depends on a/001, which is for postgresql only: "
        "add one for this engine, domains/a/migrations/001_x.sql"
    )


async def test_sqlite_refuses_a_file_without_a_transaction(on_sqlite: SqliteStage) -> None:
    assert await on_sqlite.refusal({"a/001_x": "-- transaction: none\nCREATE TABLE x (y TEXT);"}) == (
        "domains/a/migrations/001_x.sql says `transaction: none`, and SQLite has nothing that needs it: "
        "take the header out, or add `-- engine: postgresql`"
    )


# ------------------------------------------------------------ PostgreSQL alone

CONCURRENT = "-- engine: postgresql\n-- transaction: none\nCREATE INDEX CONCURRENTLY by_name ON items (name);"


async def test_an_index_is_built_concurrently_where_the_file_says_so(on_postgres: PostgresStage) -> None:
    await on_postgres.apply({"a/001_items": ITEMS, "a/002_index": CONCURRENT})

    assert await on_postgres.query("SELECT indisvalid FROM pg_index WHERE indexrelid = 'by_name'::regclass") == [
        {"indisvalid": True}
    ]
    assert await on_postgres.ledger() == ["a/001_items", "a/002_index"]


@pytest.mark.parametrize(
    ("sql", "what"),
    [
        ("CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON items (name)", "CREATE ... CONCURRENTLY"),
        ("DROP INDEX CONCURRENTLY i", "DROP ... CONCURRENTLY"),
        ("REINDEX TABLE CONCURRENTLY items", "REINDEX ... CONCURRENTLY"),
        ("VACUUM items", "VACUUM ITEMS"),
    ],
    ids=["create", "drop", "reindex", "vacuum"],
)
async def test_what_no_transaction_may_hold_is_refused_without_the_header(
    on_postgres: PostgresStage, sql: str, what: str
) -> None:
    message = await on_postgres.refusal({"a/001_items": ITEMS, "a/002_index": f"SELECT 1;\n{sql};"})

    assert message == (
        f"domains/a/migrations/002_index.sql:2 has {what}, which no transaction may hold: "
        "give it a file of its own that says `-- transaction: none`"
    )
    assert await on_postgres.tables() == set()


async def test_a_file_without_a_transaction_that_fails_says_what_stays(on_postgres: PostgresStage) -> None:
    files = {
        "a/001_items": ITEMS + "INSERT INTO items (name) VALUES ('x'), ('x');",
        "a/002_index": "-- transaction: none\nCREATE TABLE kept (x TEXT);\n"
        "DROP INDEX CONCURRENTLY IF EXISTS one_name;\nCREATE UNIQUE INDEX CONCURRENTLY one_name ON items (name);",
    }

    message = await on_postgres.refusal(files)

    assert message == (
        'domains/a/migrations/002_index.sql:4 failed: could not create unique index "one_name" '
        "(Key (name)=(x) is duplicated.): its file says `transaction: none`, so what stands above that line was kept; "
        "undo that by hand, or write the file so that it can run again, then `python -m manifest migrate`"
    )
    assert await on_postgres.tables() == {"items", "kept", "_migrations"}
    assert await on_postgres.ledger() == ["a/001_items"]


async def test_a_search_path_that_a_file_sets_is_its_own(on_postgres: PostgresStage) -> None:
    files = {
        "a/001_apart": "-- engine: postgresql\nCREATE SCHEMA apart; SET search_path = apart; CREATE TABLE t (x TEXT);"
    }

    await on_postgres.apply({**files, "a/002_here": "CREATE TABLE here (x TEXT);"})

    assert await on_postgres.tables() == {"here", "_migrations"}
    assert await on_postgres.apply() == []


async def test_a_deferred_rule_that_is_broken_at_the_end_names_the_file(on_postgres: PostgresStage) -> None:
    sql = "CREATE TABLE t (id INTEGER PRIMARY KEY,\n up INTEGER REFERENCES t DEFERRABLE INITIALLY DEFERRED);\n"

    message = await on_postgres.refusal({"a/001_t": sql + "INSERT INTO t VALUES (1, 2);"})

    assert message.startswith("domains/a/migrations/001_t.sql:3 failed and its file was rolled back: insert or update")
    assert await on_postgres.tables() == {"_migrations"}


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        (
            "CREATE TEMP TABLE items AS SELECT 1 AS id;",
            "leaves what is temporary, items, and was rolled back: drop it at the end of the file",
        ),
        (
            "CREATE TABLE notes (n TEXT REFERENCES items (name)); INSERT INTO notes VALUES ('a');",
            'leaves references that cannot be checked, and was rolled back: foreign key mismatch - "notes" referencing',
        ),
        (
            "CREATE TABLE days (d DATE); INSERT INTO days VALUES ('a');\nSELECT d FROM days;",
            "failed and its file was rolled back: b'a' is no date",
        ),
    ],
    ids=["temporary", "references", "values"],
)
async def test_what_sqlite_finds_at_the_end_is_told_with_its_file(
    on_sqlite: SqliteStage, sql: str, message: str
) -> None:
    refused = await on_sqlite.refusal({"a/001_items": ITEMS, "a/002_wrong": sql})

    assert refused.startswith("domains/a/migrations/002_wrong.sql")
    assert message in refused
    assert await on_sqlite.tables() == {"_migrations", "items"}


async def test_a_migration_that_leaves_references_to_nothing_is_rolled_back(on_sqlite: SqliteStage) -> None:
    files = {
        "a/001_tables": ITEMS + "CREATE TABLE notes (item_id INTEGER REFERENCES items(id));",
        "a/002_broken": "INSERT INTO notes VALUES (99);",
    }

    assert await on_sqlite.refusal(files) == (
        "domains/a/migrations/002_broken.sql leaves rows of notes that refer to no row of items, and was rolled back: "
        "change or delete those rows in it too, then `python -m manifest migrate`"
    )
    assert await on_sqlite.query("SELECT * FROM notes") == []
