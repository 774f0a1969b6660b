"""How parameters are written, and what of a statement's text is none."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from tests.contracts.db.people import add
from tools.db.contract import Db, DbError, ParameterError


@pytest.mark.parametrize(
    ("sql", "params"),
    [("SELECT ? + ? AS n", (1, 2)), ("SELECT ? + ? AS n", [1, 2]), ("SELECT :a + :b AS n", {"a": 1, "b": 2})],
    ids=["tuple", "list", "dict"],
)
async def test_parameters_are_marks_or_names(db: Db, sql: str, params: Any) -> None:
    assert await db.query(sql, params) == [{"n": 3}]


async def test_a_name_may_stand_twice(db: Db) -> None:
    assert await db.query("SELECT :a + :a AS n", {"a": 2}) == [{"n": 4}]


@pytest.mark.parametrize("value", [7, "7", 1.5])
async def test_a_parameter_that_stands_alone_keeps_its_type(db: Db, value: object) -> None:
    assert await db.query_one("SELECT ? AS x", (value,)) == {"x": value}


@pytest.mark.parametrize("value", [None, "a"])
async def test_a_parameter_may_be_asked_for_null(db: Db, value: str | None) -> None:
    await add(db, "a")

    found = await db.query("SELECT email FROM users WHERE (? IS NULL OR email = ?)", (value, value))

    assert found == [{"email": "a"}]


@pytest.mark.parametrize("ident", [None, UUID(int=7)])
@pytest.mark.parametrize("moment", [None, datetime(2024, 1, 1, tzinfo=UTC)])
@pytest.mark.parametrize("whole", [None, 7])
@pytest.mark.parametrize("words", [None, "seven"])
async def test_a_named_parameter_may_be_asked_for_null_first(
    db: Db, words: str | None, whole: int | None, moment: datetime | None, ident: UUID | None
) -> None:
    looked_for = {"words": words, "whole": whole, "moment": moment, "ident": ident}
    for each in (7, "seven", datetime(2024, 1, 1, tzinfo=UTC), UUID(int=7)), (8, None, None, None):
        await db.execute("INSERT INTO kinds (whole, words, moment, ident) VALUES (?, ?, ?, ?)", each)

    found = await db.query(
        "SELECT whole FROM kinds WHERE (:words IS NULL OR words = :words) AND (:whole IS NULL OR whole >= :whole)"
        " AND (:moment is null OR moment >= :moment) AND (:ident IS NOT NULL AND ident = :ident OR :ident IS NULL)"
        " ORDER BY whole",
        looked_for,
    )

    assert [row["whole"] for row in found] == [7] if words or moment or ident else [7, 8]


async def test_a_parameter_may_stand_for_what_is_kept(db: Db) -> None:
    await add(db, "a")

    await db.execute("UPDATE users SET email = coalesce(?, email), age = coalesce(?, age)", (None, 3))

    assert await db.query_one("SELECT email, age FROM users") == {"email": "a", "age": 3}


async def test_parameters_of_an_insert_from_a_select_have_its_columns_types(db: Db) -> None:
    await add(db, "a")

    await db.execute("INSERT INTO log (note) SELECT ? FROM users WHERE email = ?", ("x", "a"))

    assert await db.query("SELECT note FROM log WHERE note = 'x'") == [{"note": "x"}]


async def test_in_takes_a_parameter_for_each_value(db: Db) -> None:
    for email in "abc":
        await add(db, email)

    found = await db.query("SELECT email FROM users WHERE id IN (?, ?) ORDER BY id", (1, 3))

    assert found == [{"email": "a"}, {"email": "c"}]


@pytest.mark.parametrize("text", ["%b%", "%Y", ":x", "?", "$5", "it's :y", "-- ?", "/* :z */", "a::b", "??", "\\"])
async def test_literals_are_as_they_stand(db: Db, text: str) -> None:
    quoted = text.replace("'", "''")

    assert await db.query(f"SELECT '{quoted}' AS t /* ? :no */ -- ? :no") == [{"t": text}]


async def test_a_quoted_name_may_hold_a_mark(db: Db) -> None:
    assert await db.query('SELECT 1 AS "is it? :x"') == [{"is it? :x": 1}]


async def test_like_and_modulo_need_no_escaping(db: Db) -> None:
    assert await db.query("SELECT 5 % 3 AS n WHERE 'abc' LIKE '%b%' AND ? = 1", (1,)) == [{"n": 2}]


async def test_parameters_may_stand_in_like_and_concatenation(db: Db) -> None:
    await add(db, "ana@example.com")

    found = await db.query("SELECT email FROM users WHERE email LIKE '%' || ? || '%' AND email LIKE ?", ("@ex", "an%"))

    assert found == [{"email": "ana@example.com"}]


@pytest.mark.parametrize("path", ["doc ->> 'a'", "doc -> 'b' ->> 'c'"])
async def test_json_operators_are_no_parameters(db: Db, path: str) -> None:
    await db.execute("INSERT INTO kinds (doc) VALUES (?)", ({"a": "x", "b": {"c": "x"}},))

    assert await db.query(f"SELECT {path} AS v FROM kinds WHERE {path} = ?", ("x",)) == [{"v": "x"}]


@pytest.mark.parametrize(
    ("sql", "params"),
    [
        ("SELECT count(*) AS n FROM kinds WHERE doc ?? :key", {"key": "a"}),
        ("SELECT count(*) AS n FROM kinds WHERE doc ??| array['z', :key]", {"key": "a"}),
        ("SELECT count(*) AS n FROM kinds WHERE doc ??& array[?]", ("a",)),
        ("SELECT count(*) AS n FROM kinds WHERE doc @> ?", ({"a": "x"},)),
        ("SELECT count(*) AS n FROM kinds WHERE doc #>> '{a}' = :value", {"value": "x"}),
        ("SELECT count(*)::int AS n FROM kinds WHERE :n::text = '1' AND (doc -> 'a')::text != ':n'", {"n": 1}),
        ("SELECT 1 /* a /* ? */ :x */ AS n WHERE ? = 1 -- /*", (1,)),
        ("SELECT (array[?, 5, 6])[1:1] = array[1::bigint] AS n", (1,)),
        ("SELECT count(*) AS n FROM kinds WHERE $$ ? :x $$ = $q$ ? :x $q$ AND E'\\' ?' = '''  ?' OR ? = 1", (1,)),
    ],
    ids=["has", "has any", "has all", "contains", "path", "casts", "comments", "arrays", "dollars"],
)
async def test_what_only_postgresql_has_can_be_written(db: Db, dialect: str, sql: str, params: Any) -> None:
    if dialect != "postgresql":
        pytest.skip("SQLite has no such operators")
    await db.execute("INSERT INTO kinds (doc) VALUES (?)", ({"a": "x"},))

    assert int((await db.query_one(sql, params))["n"]) == 1


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
    "sql",
    [
        *("", "-- nothing", "SELECT 1; SELECT 2", "BEGIN", "commit", "START TRANSACTION", "ABORT"),
        *("SAVEPOINT x", "PRAGMA foreign_keys = OFF", "SET timezone = 'x'", "RESET ALL"),
    ],
)
async def test_a_statement_that_is_not_one_is_refused(db: Db, sql: str) -> None:
    with pytest.raises(DbError):
        await db.execute(sql)


@pytest.mark.parametrize("given", [[1, 2], (1, 2), {1, 2}], ids=["list", "tuple", "set"])
async def test_a_list_is_no_value_of_in(db: Db, given: Any) -> None:
    for sql, params in (
        ("SELECT id FROM users WHERE email = ? AND id IN (?)", ("a", given)),
        ("SELECT id FROM users WHERE id NOT IN (:ids)", {"ids": given}),
    ):
        with pytest.raises(ParameterError, match=r"in IN \(\?\): write one \? for each value"):
            await db.query(sql, params)

    assert await db.query("SELECT id FROM users WHERE id IN (?, ?)", (1, 2)) == []


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("CREATE TEMP TABLE users (id INTEGER)", "a temporary table, .*: use a table"),
        ("CREATE TEMPORARY VIEW users AS SELECT 1 AS id", "a temporary table"),
        ("SELECT 1 AS id INTO TEMP users", "a temporary table"),
        ("SELECT pg_advisory_lock(1)", "write pg_advisory_xact_lock\\(\\), in a transaction"),
        ("SELECT pg_catalog.pg_try_advisory_lock (?)", "write pg_try_advisory_xact_lock"),
        ("SELECT set_config('app.user', ?, false)", "set_config\\(\\), .*: give `true`"),
        ("SELECT id FROM users WHERE set_config('app.user', (SELECT max('x')), :local) = 'x'", "give `true`"),
    ],
)
async def test_what_others_would_find_on_the_connection_is_refused(db: Db, sql: str, message: str) -> None:
    with pytest.raises(DbError, match=message):
        await db.query(sql)


async def test_what_ends_with_the_transaction_is_nobody_elses(db: Db, dialect: str) -> None:
    if dialect != "postgresql":
        pytest.skip("SQLite has neither")
    async with db.transaction():
        await db.execute("CREATE TEMP TABLE temp ON COMMIT DROP AS SELECT 1 AS id")
        await db.query("SELECT set_config('app.user', ?, true), pg_advisory_xact_lock(1)", ("ana",))
        assert await db.query("SELECT current_setting('app.user') AS u FROM temp") == [{"u": "ana"}]

    assert await db.query_one("SELECT coalesce(current_setting('app.user', true), '') AS u") == {"u": ""}


async def test_a_table_may_be_called_temp(db: Db) -> None:
    await db.execute("CREATE TABLE temp (id INTEGER PRIMARY KEY)")

    assert await db.execute("INSERT INTO temp (id) VALUES (7)") == 7


async def test_more_parameters_than_an_engine_takes_are_an_error_of_ours_and_fail_nothing_else(db: Db) -> None:
    marks = ", ".join("?" * 300_000)

    with pytest.raises(DbError):
        await db.query(f"SELECT 1 AS n WHERE 1 IN ({marks})", [1] * 300_000)

    assert await add(db, "a") == 1


async def test_as_many_parameters_as_any_engine_takes_can_be_given(db: Db) -> None:
    marks = ", ".join("?" * 32_766)

    assert await db.query(f"SELECT 1 AS n WHERE 1 IN ({marks})", [1] * 32_766) == [{"n": 1}]
