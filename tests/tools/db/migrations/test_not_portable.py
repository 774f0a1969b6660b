"""What PostgreSQL cannot run of a portable file is refused before anything runs; a pair of files says it for each."""

import pytest

from tests.tools.db.migrations.stage import PostgresStage, SqliteStage

PAIR = "or write two files of one number, with `-- engine: sqlite` and `-- engine: postgresql`"
REFUSED = {
    "without rowid": ("CREATE TABLE t (x TEXT PRIMARY KEY)\nWITHOUT ROWID", 2, ["WITHOUT ROWID"]),
    "strict": ("CREATE TABLE t (x TEXT) STRICT", 1, ["STRICT"]),
    "both": ("CREATE TABLE t (x TEXT PRIMARY KEY) STRICT, WITHOUT ROWID", 1, ["STRICT", "WITHOUT ROWID"]),
    "strftime": ("CREATE TABLE t (\n x TEXT DEFAULT (strftime('%s', '2026-01-01')))", 2, ["strftime(...)"]),
    "datetime of now": ("CREATE TABLE t (x TEXT DEFAULT (datetime('now')))", 1, ["datetime(...)"]),
    "date of now": ("ALTER TABLE t ADD COLUMN x TEXT DEFAULT (date('now'))", 1, ["'now' in a table"]),
    "unixepoch": ("CREATE TABLE t (x INTEGER DEFAULT (unixepoch()))", 1, ["unixepoch(...)"]),
    "conflict clause": ("CREATE TABLE t (x TEXT UNIQUE ON CONFLICT REPLACE)", 1, ["ON CONFLICT in a table"]),
    "collation": ("CREATE TABLE t (x TEXT COLLATE NOCASE)", 1, ["COLLATE NOCASE"]),
    "trigger": (
        "CREATE TRIGGER a AFTER INSERT ON t BEGIN\n DELETE FROM t; DELETE FROM u;\nEND",
        1,
        ["a trigger with BEGIN ... END"],
    ),
    "virtual": ("CREATE VIRTUAL TABLE t USING fts5(x)", 1, ["CREATE VIRTUAL"]),
    "pragma": ("PRAGMA user_version = 3", 1, ["PRAGMA"]),
    "insert or": ("INSERT OR IGNORE INTO t VALUES (1)", 1, ["INSERT OR"]),
    "replace": ("REPLACE INTO t VALUES (1)", 1, ["REPLACE"]),
    "backticks": ("CREATE TABLE `t` (x TEXT)", 1, ["a name in backticks"]),
}
SAID = {
    "no type": (
        "CREATE TABLE t (x, y TEXT)",
        "gives column 'x' no type, which PostgreSQL needs: write one, TEXT or INTEGER or another",
    ),
    "boolean 0": (
        "CREATE TABLE t (done BOOLEAN NOT NULL DEFAULT 0)",
        "has DEFAULT 0 for the BOOLEAN column 'done': write DEFAULT FALSE",
    ),
    "boolean 1": (
        "ALTER TABLE t ADD COLUMN done BOOLEAN DEFAULT 1",
        "has DEFAULT 1 for the BOOLEAN column 'done': write DEFAULT TRUE",
    ),
    "autoincrement": (
        "CREATE TABLE t (id INT PRIMARY KEY AUTOINCREMENT)",
        "has AUTOINCREMENT for column 'id': only INTEGER PRIMARY KEY may have it",
    ),
    "short generated": (
        "CREATE TABLE t (a INTEGER, b INTEGER AS (a * 2) STORED)",
        "has AS for column 'b', in SQLite's short form: write GENERATED ALWAYS AS",
    ),
}
FINE = [
    "CREATE TABLE t (strict TEXT, without TEXT, at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, now TEXT DEFAULT 'now?')",
    "CREATE TABLE t (x TEXT DEFAULT 'STRICT', -- WITHOUT ROWID\n y TEXT /* strftime('now') */)",
    "CREATE TABLE t (x TEXT); INSERT INTO t VALUES ('now'), ('`'), ('PRAGMA x; REPLACE')",
    "CREATE TABLE t (x INTEGER, y INTEGER GENERATED ALWAYS AS (x + 1) STORED, datetime TEXT)",
]


@pytest.mark.parametrize("case", REFUSED)
async def test_what_is_sqlites_alone_is_refused_with_file_line_and_what_to_do(
    on_postgres: PostgresStage, case: str
) -> None:
    sql, line, whats = REFUSED[case]

    faults = await on_postgres.faults({"a/001_first": "CREATE TABLE first (x TEXT)", "a/002_t": f"\n{sql};"})

    begin = f"domains/a/migrations/002_t.sql:{line + 1} has "
    assert [one.removeprefix(begin).partition(", which PostgreSQL has not: ")[0] for one in faults] == whats
    assert all(one.endswith(PAIR) for one in faults)
    assert await on_postgres.tables() == set()


@pytest.mark.parametrize("case", SAID)
async def test_what_has_a_portable_form_is_refused_with_it(on_postgres: PostgresStage, case: str) -> None:
    sql, message = SAID[case]

    assert await on_postgres.refusal({"a/001_t": sql}) == f"domains/a/migrations/001_t.sql:1 {message}"


@pytest.mark.parametrize("sql", FINE)
async def test_words_that_only_look_like_it_run(on_postgres: PostgresStage, sql: str) -> None:
    assert len(await on_postgres.apply({"a/001_t": sql})) == 1


async def test_sqlite_runs_all_that_is_its_own_without_a_header(on_sqlite: SqliteStage) -> None:
    sql = "CREATE TABLE t (id INTEGER PRIMARY KEY, x TEXT DEFAULT (strftime('%Y', 'now')), y) STRICT;"

    assert len(await on_sqlite.apply({"a/001_t": sql.replace(", y)", ")")})) == 1


async def test_an_applied_file_is_not_judged_again(on_postgres: PostgresStage) -> None:
    sql = "CREATE TABLE t (x TEXT);"
    await on_postgres.apply({"a/001_t": sql})
    strict = sql.replace(")", ") STRICT").replace(";", "")
    await on_postgres.query(
        "UPDATE _migrations SET checksum = encode(sha256(convert_to('" + strict + "', 'UTF8')), 'hex')"
    )

    assert await on_postgres.apply({"a/001_t": strict}) == []
