"""What `db` is: any work that passes this may be behind the name."""

import asyncio
import contextvars
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
import sqlalchemy as sa

from hookspecs import Answer, Refusal, System
from tools.db import register_tools
from tools.db.contract import (
    CheckError,
    Column,
    Db,
    DbError,
    ForeignKey,
    ForeignKeyError,
    NotNullError,
    OutOfRangeError,
    ParameterError,
    QueryTimeoutError,
    Unavailable,
    UniqueError,
    UnitClosedError,
)

SCHEMA = (
    "CREATE TABLE teams (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
    (
        "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT NOT NULL, age INTEGER DEFAULT 18 CHECK (age >= 0),"
        " team_id INTEGER REFERENCES teams(id), UNIQUE (email, team_id))"
    ),
    "CREATE UNIQUE INDEX one_email ON users (lower(email))",
    "CREATE TABLE log (id INTEGER PRIMARY KEY, note TEXT)",
    "CREATE TRIGGER log_users AFTER INSERT ON users BEGIN INSERT INTO log VALUES (NEW.id + 1000, NEW.email); END",
    "CREATE TABLE tags (tag TEXT PRIMARY KEY, weight INTEGER)",
    "CREATE TABLE pairs (a INTEGER, b INTEGER, PRIMARY KEY (a, b))",
    "CREATE TABLE loose (x)",
)
COUNT_FOR_EVER = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) AS n FROM c"

users = sa.table("users", sa.column("id"), sa.column("email"), sa.column("age"))


class User(msgspec.Struct):
    id: int
    email: str
    age: int | None = None


class Colour(Enum):
    RED = "red"


async def no_answers(hook: str, **arguments: Any) -> list[Answer]:
    """Gather from nobody: nothing else stands."""
    return []


@pytest.fixture(params=["file", "memory"])
async def db(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Db]:
    urls = {"file": f"sqlite:///{tmp_path}/data/app.db", "memory": "sqlite://"}
    (tool,) = register_tools()
    work: Any = tool.factory({"DATABASE_URL": urls[request.param], "DB_WAIT_TIMEOUT_S": "0.5", "DB_STREAMS": "1"})
    await work.on_boot(System(no_answers, []))
    for statement in SCHEMA:
        await work.execute(statement)
    yield work
    await work.on_shutdown()


async def emails(db: Db) -> list[str]:
    return [row["email"] for row in await db.query("SELECT email FROM users ORDER BY id")]


async def add(db: Db, email: str) -> int | None:
    return await db.execute("INSERT INTO users (email) VALUES (?)", (email,))


# ------------------------------------------------------------ reading


async def test_a_query_gives_a_dict_for_each_row(db: Db) -> None:
    await add(db, "ana")

    assert await db.query("SELECT id, email FROM users") == [{"id": 1, "email": "ana"}]


async def test_a_query_without_rows_gives_an_empty_list(db: Db) -> None:
    assert await db.query("SELECT * FROM users") == []


async def test_query_one_gives_the_first_row(db: Db) -> None:
    assert await db.query_one("SELECT 7 AS n UNION ALL SELECT 8") == {"n": 7}


async def test_query_one_without_rows_gives_none(db: Db) -> None:
    assert await db.query_one("SELECT * FROM users") is None


async def test_rows_become_structs(db: Db) -> None:
    await add(db, "ana")

    assert await db.query("SELECT id, email, age FROM users", into=User) == [User(1, "ana", 18)]


async def test_a_row_that_does_not_fit_its_struct_is_an_error_that_names_both(db: Db) -> None:
    with pytest.raises(DbError, match="do not fit User: .*email"):
        await db.query("SELECT 1 AS id", into=User)


async def test_two_columns_of_one_name_are_refused(db: Db) -> None:
    with pytest.raises(DbError, match="two columns named 'id'"):
        await db.query("SELECT 1 AS id, 2 AS id")


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("é\n'\"%:x?", str),
        ("", str),
        (2**63 - 1, int),
        (-(2**63), int),
        (1.5, float),
        (True, bool),
        (b"\x00\xff", bytes),
        (None, None),
        (date(2024, 2, 29), date),
        (time(1, 2, 3), time),
        (datetime(2024, 1, 2, 3, 4, 5, 6), datetime),
        (datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC), datetime),
        (Decimal("1.10"), Decimal),
        (UUID(int=7), UUID),
        ({"a": [1, None, "ü"]}, dict),
        ([1, 2], list[int]),
        (User(1, "ana"), User),
        (Colour.RED, Colour),
    ],
    ids=str,
)
async def test_a_value_comes_back_as_it_went_in(db: Db, value: object, kind: Any) -> None:
    shape = msgspec.defstruct("Shape", [("x", kind)])

    await db.execute("INSERT INTO loose VALUES (?)", (value,))

    assert (await db.query_one("SELECT x FROM loose", into=shape)).x == value


async def test_moments_are_stored_in_utc_so_that_text_sorts_like_time(db: Db) -> None:
    early = datetime(2024, 1, 1, 12, tzinfo=timezone(timedelta(hours=5)))
    late = datetime(2024, 1, 1, 7, 0, 0, 1, tzinfo=UTC)

    await db.execute_many("INSERT INTO loose VALUES (?)", [(late,), (early,)])

    stored = [row["x"] for row in await db.query("SELECT x FROM loose ORDER BY x")]
    assert stored == ["2024-01-01T07:00:00.000000Z", "2024-01-01T07:00:00.000001Z"]


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, float("nan"), Decimal("nan"), {"a": float("nan")}, "\ud800"])
async def test_a_value_out_of_range_is_a_parameter_error_and_422(db: Db, value: object) -> None:
    with pytest.raises(ParameterError) as caught:
        await db.execute("INSERT INTO loose VALUES (?)", (value,))

    assert isinstance(caught.value, OutOfRangeError)
    assert caught.value.status == 422


async def test_a_value_of_an_unknown_type_is_a_parameter_error(db: Db) -> None:
    with pytest.raises(ParameterError, match="cannot store object as parameter 1"):
        await db.execute("INSERT INTO loose VALUES (?)", (object(),))


# ------------------------------------------------------------ parameters


@pytest.mark.parametrize(
    ("sql", "params"),
    [("SELECT ? + ? AS n", (1, 2)), ("SELECT ? + ? AS n", [1, 2]), ("SELECT :a + :b AS n", {"a": 1, "b": 2})],
    ids=["tuple", "list", "dict"],
)
async def test_parameters_are_marks_or_names(db: Db, sql: str, params: Any) -> None:
    assert await db.query(sql, params) == [{"n": 3}]


async def test_a_name_may_stand_twice(db: Db) -> None:
    assert await db.query("SELECT :a + :a AS n", {"a": 2}) == [{"n": 4}]


@pytest.mark.parametrize("text", ["%b%", "%Y", ":x", "?", "$5", "it's :y", "-- ?", "/* :z */"])
async def test_literals_are_as_they_stand(db: Db, text: str) -> None:
    quoted = text.replace("'", "''")

    assert await db.query(f"SELECT '{quoted}' AS t /* ? :no */ -- ? :no") == [{"t": text}]


async def test_like_and_modulo_need_no_escaping(db: Db) -> None:
    assert await db.query("SELECT 5 % 3 AS n WHERE 'abc' LIKE '%b%' AND ? = 1", (1,)) == [{"n": 2}]


@pytest.mark.parametrize(
    ("sql", "params", "message"),
    [
        ("SELECT ?, ?", (1,), "misses a parameter, 2 ? and 1 values"),
        ("SELECT ?", (1, 2), "has a spare parameter, 1 ? and 2 values"),
        ("SELECT ?", None, "misses a parameter"),
        ("SELECT :a, :b", {"a": 1}, "misses parameter 'b'"),
        ("SELECT :a", {"a": 1, "b": 2}, "spare parameter 'b'"),
        ("SELECT ':b', :a", {"a": 1, "b": 2}, "spare parameter 'b'"),
        ("SELECT :a", (1,), "misses parameter 'a': give a dict"),
        ("SELECT ?", {"a": 1}, "a dict for a statement with ?"),
        ("SELECT ?, :a", (1,), "write one or the other"),
        ("SELECT $1", (1,), "write ? or :name"),
        ("SELECT ?", "a", "was given str for parameters"),
    ],
)
async def test_parameters_that_do_not_fit_are_refused(db: Db, sql: str, params: Any, message: str) -> None:
    with pytest.raises(ParameterError) as caught:
        await db.query(sql, params)

    assert message in str(caught.value)


@pytest.mark.parametrize(
    "text", ["'; DROP TABLE users; --", "' OR '1'='1", '"; DELETE FROM users', "x' UNION SELECT 1"]
)
async def test_hostile_text_is_only_a_value(db: Db, text: str) -> None:
    await add(db, text)

    assert await db.query("SELECT email FROM users WHERE email = :e", {"e": text}) == [{"email": text}]
    assert await db.query("SELECT 1 FROM users WHERE email = ?", (text + " ",)) == []


@pytest.mark.parametrize(
    "sql", ["", "-- nothing", "SELECT 1; SELECT 2", "BEGIN", "commit", "PRAGMA foreign_keys = OFF"]
)
async def test_a_statement_that_is_not_one_is_refused(db: Db, sql: str) -> None:
    with pytest.raises(DbError):
        await db.execute(sql)


# ------------------------------------------------------------ SQLAlchemy Core


async def test_core_statements_write_and_read(db: Db) -> None:
    key = await db.execute(sa.insert(users).values(email="50% :off?", age=3))
    found = await db.query_one(sa.select(users).where(users.c.id.in_([key, 99])), into=User)

    assert found == User(1, "50% :off?", 3)


async def test_core_parameters_are_given_by_name(db: Db) -> None:
    await db.execute(sa.insert(users), {"email": "ana", "age": 4})

    found = await db.query(sa.text("SELECT age FROM users WHERE email = :e AND '%' = '%'"), {"e": "ana"})
    assert found == [{"age": 4}]


async def test_a_core_insert_of_many_is_one_statement(db: Db) -> None:
    await db.execute_many(sa.insert(users), [{"email": "a", "age": 1}, {"email": "b", "age": 2}])

    assert await emails(db) == ["a", "b"]


@pytest.mark.parametrize("params", [{}, {"e": 1, "spare": 2}], ids=["missing", "spare"])
async def test_core_parameters_that_do_not_fit_are_refused(db: Db, params: dict[str, int]) -> None:
    with pytest.raises(ParameterError):
        await db.query(sa.select(users).where(users.c.email == sa.bindparam("e")), params)


# ------------------------------------------------------------ what execute answers


@pytest.mark.parametrize(
    ("sql", "answer"),
    [
        ("INSERT INTO teams (name) VALUES ('c')", 3),
        ("INSERT INTO teams (name) VALUES ('c'), ('d'), ('e')", 5),
        ("INSERT INTO teams (id, name) VALUES (9, 'c'), (7, 'd')", 7),
        ("INSERT INTO teams (name) SELECT name || '2' FROM teams ORDER BY id", 4),
        ("WITH n(name) AS (VALUES ('c')) INSERT INTO teams (name) SELECT name FROM n", 3),
        ("INSERT INTO teams (name) VALUES ('c') -- a remark ;", 3),
        ("insert into main.\"teams\" (name) values ('c');", 3),
        ("REPLACE INTO teams (id, name) VALUES (2, 'c')", 2),
        ("INSERT INTO teams (name) VALUES ('a') ON CONFLICT DO NOTHING", None),
        ("INSERT OR IGNORE INTO teams (name) VALUES ('a')", None),
        ("INSERT INTO teams (name) SELECT name FROM teams WHERE false", None),
        ("INSERT INTO teams (name) VALUES ('b') ON CONFLICT (name) DO UPDATE SET name = 'B'", 2),
        ("INSERT INTO tags VALUES ('x', 1), ('y', 2)", 2),
        ("INSERT INTO pairs VALUES (1, 2)", 1),
        ("INSERT INTO loose VALUES (1), (2), (3)", 3),
        ("UPDATE teams SET name = name || '!'", 2),
        ("UPDATE teams SET name = 'z' WHERE id = 99", 0),
        ("WITH n AS (SELECT 1 AS id) UPDATE teams SET name = 'z' WHERE id IN (SELECT id FROM n)", 1),
        ("DELETE FROM teams", 2),
        ("CREATE TABLE other (id INTEGER)", 0),
    ],
)
async def test_execute_answers_with_the_key_or_the_number_of_rows(db: Db, sql: str, answer: int | None) -> None:
    await db.execute("INSERT INTO teams (name) VALUES ('a'), ('b')")
    await db.execute("INSERT INTO log VALUES (40, 'a stale id')")

    assert await db.execute(sql) == answer


async def test_a_trigger_that_inserts_elsewhere_does_not_change_the_key(db: Db) -> None:
    assert [await add(db, "a"), await add(db, "b")] == [1, 2]

    assert [row["id"] for row in await db.query("SELECT id FROM log")] == [1001, 1002]


async def test_the_key_is_that_of_the_table_as_it_is_now(db: Db) -> None:
    await db.execute("INSERT INTO loose VALUES (1)")

    await db.execute("DROP TABLE loose")
    await db.execute("CREATE TABLE loose (number INTEGER PRIMARY KEY, x)")

    assert await db.execute("INSERT INTO loose (number, x) VALUES (12, 1)") == 12


async def test_execute_leaves_returning_to_query_one(db: Db) -> None:
    with pytest.raises(DbError, match="give it to query_one"):
        await db.execute("INSERT INTO teams (name) VALUES ('a') RETURNING id")

    assert await db.query("SELECT * FROM teams") == []


@pytest.mark.parametrize("method", ["query", "query_one"])
async def test_what_is_written_with_returning_is_stored(db: Db, method: str) -> None:
    await getattr(db, method)("INSERT INTO teams (name) VALUES ('a'), ('b') RETURNING id, name")

    assert await db.query("SELECT name FROM teams ORDER BY id") == [{"name": "a"}, {"name": "b"}]


async def test_returning_rows_that_do_not_fit_stores_nothing(db: Db) -> None:
    with pytest.raises(DbError, match="do not fit User"):
        await db.query_one("INSERT INTO teams (name) VALUES ('a') RETURNING id", into=User)

    assert await db.query("SELECT * FROM teams") == []


async def test_execute_many_runs_for_each_row_and_counts(db: Db) -> None:
    count = await db.execute_many(
        "INSERT INTO users (email) VALUES (:email)", [{"email": f"u{n}"} for n in range(1200)]
    )

    assert count == 1200
    assert len(await emails(db)) == 1200


async def test_execute_many_of_nothing_is_nothing(db: Db) -> None:
    assert await db.execute_many("INSERT INTO users (email) VALUES (?)", []) == 0


async def test_execute_many_that_fails_stores_nothing(db: Db) -> None:
    with pytest.raises(UniqueError):
        await db.execute_many("INSERT INTO users (email) VALUES (?)", [("a",), ("b",), ("a",)])

    await add(db, "c")
    assert await emails(db) == ["c"]


# ------------------------------------------------------------ errors


async def test_a_second_row_with_the_same_values_is_a_409(db: Db) -> None:
    await db.execute("INSERT INTO teams (name) VALUES ('a')")

    with pytest.raises(UniqueError) as caught:
        await db.execute("INSERT INTO teams (name) VALUES ('a')")

    assert (caught.value.table, caught.value.columns) == ("teams", ("name",))
    assert (caught.value.status, caught.value.detail) == (409, "one with this name exists already")


async def test_a_second_row_with_the_same_key_names_all_its_columns(db: Db) -> None:
    await db.execute("INSERT INTO pairs VALUES (1, 2)")

    with pytest.raises(UniqueError) as caught:
        await db.execute("INSERT INTO pairs VALUES (1, 2)")

    assert (caught.value.table, caught.value.columns) == ("pairs", ("a", "b"))


async def test_a_unique_index_on_an_expression_names_its_columns(db: Db) -> None:
    await add(db, "ana")

    with pytest.raises(UniqueError) as caught:
        await add(db, "ANA")

    assert (caught.value.table, caught.value.columns) == ("users", ("email",))


async def test_a_reference_to_nothing_is_a_409(db: Db) -> None:
    with pytest.raises(ForeignKeyError) as caught:
        await db.execute("INSERT INTO users (email, team_id) VALUES ('a', 99)")

    assert (caught.value.table, caught.value.status) == ("users", 409)


async def test_what_is_referred_to_cannot_be_deleted(db: Db) -> None:
    team = await db.execute("INSERT INTO teams (name) VALUES ('a')")
    await db.execute("INSERT INTO users (email, team_id) VALUES ('a', ?)", (team,))

    with pytest.raises(ForeignKeyError):
        await db.execute("DELETE FROM teams")


async def test_a_missing_value_is_a_422(db: Db) -> None:
    with pytest.raises(NotNullError) as caught:
        await db.execute("INSERT INTO users (email) VALUES (NULL)")

    assert (caught.value.table, caught.value.columns, caught.value.status) == ("users", ("email",), 422)


async def test_a_value_that_is_not_allowed_is_a_422(db: Db) -> None:
    with pytest.raises(CheckError) as caught:
        await db.execute("INSERT INTO users (email, age) VALUES ('a', -1)")

    assert (caught.value.table, caught.value.columns, caught.value.status) == ("users", ("age",), 422)


async def test_what_restricts_a_delete_is_a_reference_too(db: Db) -> None:
    await db.execute("CREATE TABLE held (team_id INTEGER REFERENCES teams(id) ON DELETE RESTRICT)")
    team = await db.execute("INSERT INTO teams (name) VALUES ('a')")
    await db.execute("INSERT INTO held VALUES (?)", (team,))

    with pytest.raises(ForeignKeyError):
        await db.execute("DELETE FROM teams")


async def test_a_value_of_the_wrong_type_in_a_strict_table_is_not_allowed(db: Db) -> None:
    await db.execute("CREATE TABLE strict_one (n INTEGER) STRICT")

    with pytest.raises(CheckError) as caught:
        await db.execute("INSERT INTO strict_one VALUES ('x')")

    assert (caught.value.table, caught.value.columns) == ("strict_one", ("n",))


async def test_a_rule_with_a_name_of_its_own_names_the_table_only(db: Db) -> None:
    await db.execute("CREATE TABLE ruled (n INTEGER, CONSTRAINT positive CHECK (n > 0))")

    with pytest.raises(CheckError) as caught:
        await db.execute("INSERT INTO ruled VALUES (0)")

    assert (caught.value.table, caught.value.columns) == ("ruled", ())


async def test_no_refusal_shows_sql_to_a_client(db: Db) -> None:
    for values in ("NULL, 1", "'a', -1"):
        with pytest.raises(Refusal) as caught:
            await db.execute(f"INSERT INTO users (email, age) VALUES ({values})")

        assert not {"insert", "constraint", "users"} & set(caught.value.detail.lower().split())


async def test_a_statement_that_cannot_be_read_is_an_error_without_a_status(db: Db) -> None:
    with pytest.raises(DbError, match="syntax error") as caught:
        await db.query("SELEC 1")

    assert not isinstance(caught.value, Refusal)


# ------------------------------------------------------------ transactions


async def test_what_a_transaction_did_is_kept(db: Db) -> None:
    async with db.transaction():
        await add(db, "a")
        await add(db, "b")

    assert await emails(db) == ["a", "b"]


async def test_a_transaction_that_raises_leaves_nothing(db: Db) -> None:
    with pytest.raises(ZeroDivisionError):
        async with db.transaction():
            await add(db, "a")
            raise ZeroDivisionError

    await add(db, "b")
    assert await emails(db) == ["b"]


async def test_a_transaction_sees_its_own_rows(db: Db) -> None:
    async with db.transaction():
        await add(db, "a")

        assert await emails(db) == ["a"]


async def test_a_statement_that_fails_leaves_its_transaction_failed(db: Db) -> None:
    await add(db, "a")

    with pytest.raises(UnitClosedError, match="that failed, a statement in it did, UniqueError: start it anew"):
        async with db.transaction():
            await add(db, "b")
            with pytest.raises(UniqueError):
                await add(db, "A")
            with pytest.raises(UnitClosedError, match=r"in a `transaction\(\)` of its own"):
                await add(db, "c")

    assert await emails(db) == ["a"]


async def test_what_may_fail_is_tried_in_a_transaction_of_its_own(db: Db) -> None:
    async with db.transaction():
        await add(db, "a")
        with pytest.raises(UniqueError):
            async with db.transaction():
                await add(db, "A")
        await add(db, "b")

    assert await emails(db) == ["a", "b"]


async def test_parameters_that_do_not_fit_fail_no_transaction(db: Db) -> None:
    async with db.transaction():
        await add(db, "a")
        with pytest.raises(ParameterError):
            await db.query("SELECT ?")
        with pytest.raises(OutOfRangeError):
            await db.execute("INSERT INTO users (age) VALUES (?)", (2**63,))
        with pytest.raises(DbError, match="write `async with"):
            await db.execute("ROLLBACK")

    assert await emails(db) == ["a"]


async def test_an_inner_transaction_can_fail_alone(db: Db) -> None:
    async with db.transaction():
        await add(db, "a")
        with pytest.raises(ZeroDivisionError):
            async with db.transaction():
                await add(db, "b")
                raise ZeroDivisionError
        async with db.transaction():
            await add(db, "c")

    assert await emails(db) == ["a", "c"]


async def test_an_inner_transaction_is_undone_with_its_outer_one(db: Db) -> None:
    with pytest.raises(ZeroDivisionError):
        async with db.transaction():
            async with db.transaction():
                await add(db, "a")
            raise ZeroDivisionError

    assert await emails(db) == []


async def test_others_do_not_see_what_is_not_committed(db: Db) -> None:
    inside, go_on = asyncio.Event(), asyncio.Event()

    async def write() -> None:
        async with db.transaction():
            await add(db, "a")
            inside.set()
            await go_on.wait()
            raise ZeroDivisionError

    writing = asyncio.create_task(write())
    await inside.wait()
    reading = asyncio.create_task(emails(db))
    asyncio.get_running_loop().call_later(0.05, go_on.set)

    assert await reading == []
    with pytest.raises(ZeroDivisionError):
        await writing


async def test_a_writer_whose_turn_does_not_come_is_told_503(db: Db) -> None:
    async def other() -> None:
        async with db.transaction():
            await add(db, "late")

    async with db.transaction():
        with pytest.raises(Unavailable) as caught:
            await in_fresh_context(other())
        await add(db, "a")

    assert (caught.value.status, caught.value.retry_after_s) == (503, 1.0)
    assert await emails(db) == ["a"]


async def in_fresh_context(work: Any) -> None:
    """Like a request, or an event: no transaction around it."""
    await asyncio.get_running_loop().create_task(work, context=contextvars.Context())


async def test_a_child_that_is_waited_for_shares_the_transaction(db: Db) -> None:
    with pytest.raises(ZeroDivisionError):
        async with db.transaction():
            await asyncio.wait_for(add(db, "a"), 5)
            assert await emails(db) == ["a"]
            raise ZeroDivisionError

    assert await emails(db) == []


async def test_many_children_take_turns_in_one_transaction(db: Db) -> None:
    async with db.transaction(), asyncio.TaskGroup() as group:
        for number in range(20):
            group.create_task(add(db, f"u{number}"))

    assert len(await emails(db)) == 20


async def test_children_with_inner_transactions_do_not_undo_each_other(db: Db) -> None:
    async def nested(email: str, *, fails: bool) -> None:
        async with db.transaction():
            await add(db, email)
            await add(db, email + "2")
            if fails:
                raise ZeroDivisionError

    async with db.transaction():
        await asyncio.gather(*(nested(f"u{n}", fails=n % 2 == 0) for n in range(6)), return_exceptions=True)

    assert sorted(await emails(db)) == ["u1", "u12", "u3", "u32", "u5", "u52"]


async def test_a_child_that_outlives_the_transaction_is_refused(db: Db) -> None:
    go_on = asyncio.Event()

    async def late() -> None:
        await go_on.wait()
        await add(db, "late")

    async with db.transaction():
        await add(db, "a")
        child = asyncio.create_task(late())
    go_on.set()

    with pytest.raises(UnitClosedError, match="a transaction that is over"):
        await child
    assert await emails(db) == ["a"]


async def test_a_cancelled_transaction_leaves_nothing_and_the_writer_is_free(db: Db) -> None:
    inside = asyncio.Event()

    async def write() -> None:
        async with db.transaction():
            await add(db, "a")
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(write())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    await add(db, "b")
    assert await emails(db) == ["b"]


async def test_a_statement_that_is_cancelled_ends_at_once(db: Db) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await db.query(COUNT_FOR_EVER)

    assert await db.query("SELECT 1 AS n") == [{"n": 1}]


async def test_a_transaction_whose_statement_was_cut_can_only_be_left(db: Db) -> None:
    with pytest.raises(UnitClosedError, match="start it anew"):
        async with db.transaction():
            await add(db, "a")
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(db.query(COUNT_FOR_EVER), 0.05)
            with pytest.raises(UnitClosedError, match="interrupted"):
                await add(db, "b")

    assert await emails(db) == []


# ------------------------------------------------------------ after_commit


async def test_after_commit_waits_for_the_commit(db: Db) -> None:
    calls: list[str] = []

    async def later() -> None:
        calls.append(f"async, {len(await emails(db))} stored")

    async with db.transaction():
        await add(db, "a")
        db.after_commit(lambda: calls.append("plain"))
        db.after_commit(later)
        assert calls == []

    assert calls == ["plain", "async, 1 stored"]


async def test_after_commit_is_dropped_with_what_is_undone(db: Db) -> None:
    calls: list[str] = []

    async with db.transaction():
        with pytest.raises(ZeroDivisionError):
            async with db.transaction():
                db.after_commit(lambda: calls.append("undone"))
                raise ZeroDivisionError
        async with db.transaction():
            db.after_commit(lambda: calls.append("inner"))
        assert calls == []

    assert calls == ["inner"]


async def test_after_commit_is_called_at_once_where_there_is_no_transaction(db: Db) -> None:
    calls: list[str] = []
    done = asyncio.Event()

    async def later() -> None:
        done.set()

    db.after_commit(lambda: calls.append("now"))
    db.after_commit(later)

    assert calls == ["now"]
    await done.wait()


async def test_an_error_after_the_commit_is_logged_and_stops_nothing(db: Db, caplog: pytest.LogCaptureFixture) -> None:
    calls: list[str] = []

    def fails() -> None:
        raise ZeroDivisionError

    async with db.transaction():
        await add(db, "a")
        db.after_commit(fails)
        db.after_commit(lambda: calls.append("next"))

    assert (calls, await emails(db)) == (["next"], ["a"])
    assert "failed after the commit" in caplog.text


# ------------------------------------------------------------ streams


async def test_a_stream_gives_every_row_in_order(db: Db) -> None:
    await db.execute_many("INSERT INTO loose VALUES (?)", [(n,) for n in range(1234)])

    assert [row["x"] async for row in db.stream("SELECT x FROM loose ORDER BY x")] == list(range(1234))


async def test_a_stream_gives_structs(db: Db) -> None:
    await add(db, "a")

    rows = db.stream("SELECT id, email FROM users WHERE email = :e", {"e": "a"}, into=User)

    assert [row async for row in rows] == [User(1, "a")]


async def test_a_stream_left_early_makes_room_for_the_next(db: Db) -> None:
    await db.execute_many("INSERT INTO loose VALUES (?)", [(n,) for n in range(2000)])

    for _ in range(3):  # one at a time is allowed here
        async with aclosing(db.stream("SELECT x FROM loose")) as rows:
            async for _row in rows:
                break

    await db.execute("DROP TABLE loose")


async def test_a_loop_that_breaks_closes_its_stream(db: Db) -> None:
    await db.execute_many("INSERT INTO loose VALUES (?)", [(n,) for n in range(2000)])

    for _ in range(3):
        async for _row in db.stream("SELECT x FROM loose"):
            break

    assert await add(db, "a") == 1


async def test_a_stream_inside_a_transaction_sees_it_and_may_be_left(db: Db) -> None:
    async with db.transaction():
        await db.execute_many("INSERT INTO loose VALUES (?)", [(n,) for n in range(2000)])
        async for row in db.stream("SELECT x FROM loose ORDER BY x"):
            assert row == {"x": 0}
            break
        await add(db, "a")

    assert await emails(db) == ["a"]


async def test_one_may_write_while_a_stream_is_open(db: Db) -> None:
    await db.execute_many("INSERT INTO loose VALUES (?)", [(n,) for n in range(1000)])

    async for row in db.stream("SELECT x FROM loose"):
        if row["x"] % 100 == 0:
            await add(db, f"u{row['x']}")

    assert len(await emails(db)) == 10


async def test_a_stream_only_reads(db: Db) -> None:
    with pytest.raises(DbError, match="give it to execute"):
        async for _row in db.stream("DELETE FROM users RETURNING id"):
            pass


# ------------------------------------------------------------ schema


async def test_the_schema_is_described(db: Db) -> None:
    await db.execute("CREATE TABLE _hidden (x)")

    tables = {table.name: table for table in await db.describe_schema()}

    assert list(tables) == ["log", "loose", "pairs", "tags", "teams", "users"]
    assert tables["users"].columns[1] == Column("email", "TEXT", nullable=False, default=None, primary_key=False)
    assert tables["users"].columns[2] == Column("age", "INTEGER", nullable=True, default="18", primary_key=False)
    assert tables["users"].unique == [["email", "team_id"]]
    assert tables["users"].foreign_keys == [ForeignKey("team_id", "teams", "id")]


# ------------------------------------------------------------ the tool's life


async def test_nothing_is_open_before_the_boot(tmp_path: Path) -> None:
    (tool,) = register_tools()
    work: Any = tool.factory({"DATABASE_URL": f"sqlite:///{tmp_path}/app.db"})

    with pytest.raises(Unavailable, match="from on_boot to on_shutdown"):
        await work.query("SELECT 1")

    assert list(tmp_path.iterdir()) == []


async def test_a_statement_that_takes_too_long_is_a_504(tmp_path: Path) -> None:
    (tool,) = register_tools()
    work: Any = tool.factory({"DATABASE_URL": f"sqlite:///{tmp_path}/app.db", "DB_TIMEOUT_S": "0.05"})
    await work.on_boot(System(no_answers, []))

    with pytest.raises(QueryTimeoutError) as caught:
        await work.query(COUNT_FOR_EVER)

    assert caught.value.status == 504
    await work.on_shutdown()


@pytest.mark.parametrize("environ", [{"DB_TIMEOUT_S": "0"}, {"DB_READERS": "many"}])
def test_a_wrong_setting_is_told_as_msgspec_tells_it(environ: dict[str, str]) -> None:
    (tool,) = register_tools()

    with pytest.raises(msgspec.ValidationError, match=r"at `\$\.DB_"):
        tool.factory(environ)


async def test_it_is_well_while_a_transaction_is_under_way(db: Any) -> None:
    async with db.transaction(), asyncio.timeout(2):
        await db.execute("INSERT INTO teams (name) VALUES ('one')")

        await db.check_health()

    assert await db.query_one("SELECT name FROM teams") == {"name": "one"}
