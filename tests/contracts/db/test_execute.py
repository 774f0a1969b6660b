"""What `db.execute` and `execute_many` answer: the key of the last row, or how many rows changed."""

import pytest

from tests.contracts.db.people import User, add, emails
from tools.db.contract import Db, DbError, UniqueError


@pytest.mark.parametrize(
    ("sql", "answer"),
    [
        ("INSERT INTO teams (name) VALUES ('c')", 3),
        ("INSERT INTO teams (name) VALUES ('c'), ('d'), ('e')", 5),
        ("INSERT INTO teams (id, name) VALUES (9, 'c'), (7, 'd')", 7),
        ("INSERT INTO teams (name) SELECT name || '2' FROM teams ORDER BY id", 4),
        ("WITH n(name) AS (VALUES ('c')) INSERT INTO teams (name) SELECT name FROM n", 3),
        ("INSERT INTO teams (name) VALUES ('c') -- a remark ;", 3),
        ("INSERT INTO TEAMS (Name) VALUES ('c')", 3),
        ("INSERT INTO teams (name) VALUES ('a') ON CONFLICT DO NOTHING", None),
        ("INSERT INTO teams (name) SELECT name FROM teams WHERE false", None),
        ("INSERT INTO teams (name) VALUES ('b') ON CONFLICT (name) DO UPDATE SET name = 'B'", 2),
        ("INSERT INTO tags VALUES ('x', 1), ('y', 2)", 2),
        ("INSERT INTO tags VALUES ('x', 1) ON CONFLICT DO NOTHING", 1),
        ("INSERT INTO pairs VALUES (1, 2)", 1),
        ("INSERT INTO loose VALUES (1), (2), (3)", 3),
        ("INSERT INTO loose SELECT id FROM teams", 2),
        ("UPDATE teams SET name = name || '!'", 2),
        ("UPDATE teams SET name = 'z' WHERE id = 99", 0),
        ("WITH n AS (SELECT 1 AS id) UPDATE teams SET name = 'z' WHERE id IN (SELECT id FROM n)", 1),
        ("DELETE FROM teams", 2),
        ("WITH n AS (SELECT 1 AS id) DELETE FROM teams WHERE id IN (SELECT id FROM n)", 1),
        ("DELETE FROM teams WHERE false", 0),
        ("CREATE TABLE other (id INTEGER)", 0),
        ("ALTER TABLE teams ADD COLUMN motto TEXT", 0),
        ("DROP TABLE loose", 0),
        ("SELECT * FROM teams", 0),
    ],
)
async def test_execute_answers_with_the_key_or_the_number_of_rows(db: Db, sql: str, answer: int | None) -> None:
    await db.execute("INSERT INTO teams (name) VALUES ('a'), ('b')")
    await db.execute("INSERT INTO log VALUES (40, 'a stale id')")

    assert await db.execute(sql) == answer


@pytest.mark.parametrize(
    "sql", ["REPLACE INTO teams (id, name) VALUES (2, 'c')", "INSERT OR IGNORE INTO teams VALUES (2, 'c')"]
)
async def test_what_only_sqlite_has_answers_with_the_key_too(db: Db, dialect: str, sql: str) -> None:
    if dialect != "sqlite":
        pytest.skip("PostgreSQL has ON CONFLICT only")

    assert await db.execute(sql) == 2


async def test_a_table_may_be_named_with_its_schema(db: Db, dialect: str) -> None:
    schema = {"sqlite": "main", "postgresql": "public"}[dialect]

    assert await db.execute(f"insert into {schema}.\"teams\" (name) values ('c');") == 1


async def test_a_trigger_that_inserts_elsewhere_does_not_change_the_key(db: Db) -> None:
    assert [await add(db, "a"), await add(db, "b")] == [1, 2]

    assert [row["id"] for row in await db.query("SELECT id FROM log ORDER BY id")] == [1001, 1002]


async def test_the_key_is_that_of_the_table_as_it_is_now(db: Db) -> None:
    await db.execute("INSERT INTO loose VALUES (1)")

    await db.execute("DROP TABLE loose")
    await db.execute("CREATE TABLE loose (number INTEGER PRIMARY KEY, x TEXT)")

    assert await db.execute("INSERT INTO loose (number, x) VALUES (12, ?)", ("1",)) == 12


async def test_a_key_may_have_any_name(bare: Db) -> None:
    await bare.execute('CREATE TABLE "Odd" ("the key" INTEGER PRIMARY KEY, x INTEGER)')

    assert await bare.execute('INSERT INTO "Odd" ("the key", x) VALUES (?, 1)', (5,)) == 5


async def test_a_key_inside_a_transaction_is_that_of_its_row(db: Db) -> None:
    async with db.transaction():
        await db.execute("CREATE TABLE made_here (id INTEGER PRIMARY KEY, x INTEGER)")

        assert await db.execute("INSERT INTO made_here (x) VALUES (?)", (1,)) == 1


async def test_execute_leaves_returning_to_query_one(db: Db) -> None:
    with pytest.raises(DbError, match="give it to query_one"):
        await db.execute("INSERT INTO teams (name) VALUES ('a') RETURNING id")

    assert await db.query("SELECT * FROM teams") == []


@pytest.mark.parametrize("method", ["query", "query_one"])
async def test_what_is_written_with_returning_is_stored(db: Db, method: str) -> None:
    await getattr(db, method)("INSERT INTO teams (name) VALUES ('a'), ('b') RETURNING id, name")

    assert await db.query("SELECT name FROM teams ORDER BY id") == [{"name": "a"}, {"name": "b"}]


@pytest.mark.parametrize(
    "sql",
    ["UPDATE teams SET name = ? RETURNING id, name", "DELETE FROM teams WHERE name != ? RETURNING id, 'b' AS name"],
)
async def test_updates_and_deletes_may_return_rows(db: Db, sql: str) -> None:
    await db.execute("INSERT INTO teams (name) VALUES ('a')")

    assert await db.query(sql, ("b",)) == [{"id": 1, "name": "b"}]


async def test_returning_rows_that_do_not_fit_stores_nothing(db: Db) -> None:
    with pytest.raises(DbError, match="do not fit User"):
        await db.query_one("INSERT INTO teams (name) VALUES ('a') RETURNING id", into=User)

    assert await db.query("SELECT * FROM teams") == []


async def test_rows_of_a_change_inside_of_a_query_that_do_not_fit_store_nothing(db: Db, dialect: str) -> None:
    if dialect != "postgresql":
        pytest.skip("SQLite has no changes inside of a query")
    with pytest.raises(DbError, match="do not fit User"):
        await db.query("WITH new AS (INSERT INTO teams (name) VALUES ('a') RETURNING id) SELECT id FROM new", into=User)

    assert await db.query("SELECT * FROM teams") == []


async def test_a_merge_answers_with_the_number_of_rows(db: Db, dialect: str) -> None:
    if dialect != "postgresql":
        pytest.skip("SQLite has no MERGE")
    merge = (
        "MERGE INTO teams USING (VALUES (?)) AS new (name) ON teams.name = new.name"
        " WHEN MATCHED THEN UPDATE SET name = new.name WHEN NOT MATCHED THEN INSERT (name) VALUES (new.name)"
    )

    assert await db.execute(merge, ("a",)) == 1
    assert await db.execute_many(merge, [("a",), ("b",)]) == 2
    assert await db.execute(f"WITH x AS (SELECT 1) {merge}", ("c",)) == 1
    assert [row["name"] for row in await db.query("SELECT name FROM teams ORDER BY id")] == ["a", "b", "c"]


async def test_a_procedure_takes_parameters_and_gives_its_row(db: Db, dialect: str) -> None:
    if dialect != "postgresql":
        pytest.skip("SQLite has no procedures")
    await db.execute(
        "CREATE PROCEDURE store(IN given TEXT, OUT made BIGINT) LANGUAGE sql"
        " AS 'INSERT INTO teams (name) VALUES (given) RETURNING id'"
    )

    assert await db.query("CALL store(?, NULL)", ("a",)) == [{"made": 1}]
    assert await db.execute("CALL store('b', NULL)") == 0
    assert [row["name"] for row in await db.query("SELECT name FROM teams ORDER BY id")] == ["a", "b"]


async def test_execute_many_runs_for_each_row_and_counts(db: Db) -> None:
    count = await db.execute_many(
        "INSERT INTO users (email) VALUES (:email)", [{"email": f"u{n}"} for n in range(1200)]
    )

    assert count == 1200
    assert len(await emails(db)) == 1200


async def test_execute_many_counts_what_changed(db: Db) -> None:
    await db.execute("INSERT INTO teams (name) VALUES ('a'), ('b')")

    assert await db.execute_many("UPDATE teams SET name = ? WHERE id = ?", [("x", 1), ("y", 9), ("z", 2)]) == 2
    assert await db.execute_many("INSERT INTO teams (name) VALUES (?) ON CONFLICT DO NOTHING", [("x",), ("q",)]) == 1


async def test_execute_many_takes_nulls_and_values_in_one_go(db: Db) -> None:
    await db.execute_many("INSERT INTO loose VALUES (?)", [(None,), (1,), (None,)])

    assert await db.query("SELECT x FROM loose ORDER BY x IS NULL") == [{"x": 1}, {"x": None}, {"x": None}]


async def test_execute_many_of_nothing_is_nothing(db: Db) -> None:
    assert await db.execute_many("INSERT INTO users (email) VALUES (?)", []) == 0


async def test_execute_many_that_fails_stores_nothing(db: Db) -> None:
    with pytest.raises(UniqueError):
        await db.execute_many("INSERT INTO users (email) VALUES (?)", [("a",), ("b",), ("a",)])

    await add(db, "c")
    assert await emails(db) == ["c"]
