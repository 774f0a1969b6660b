"""One error class a kind, with table and columns, on every engine the same."""

import pytest

from hookspecs import Refusal
from tests.contracts.db.people import add, standing
from tools.db.contract import (
    CheckError,
    Db,
    DbError,
    ForeignKeyError,
    NotNullError,
    QueryTimeoutError,
    UniqueError,
)


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


async def test_an_update_onto_another_row_is_one_too(db: Db) -> None:
    await db.execute("INSERT INTO tags VALUES ('a', 1), ('b', 2)")

    with pytest.raises(UniqueError) as caught:
        await db.execute("UPDATE tags SET tag = 'b' WHERE tag = ?", ("a",))

    assert (caught.value.table, caught.value.columns) == ("tags", ("tag",))


async def test_a_unique_index_on_an_expression_names_its_columns(db: Db) -> None:
    await add(db, "ana")

    with pytest.raises(UniqueError) as caught:
        await add(db, "ANA")

    assert (caught.value.table, caught.value.columns) == ("users", ("email",))


async def test_a_value_with_parentheses_does_not_hide_the_columns(db: Db) -> None:
    await db.execute("INSERT INTO teams (name) VALUES (?)", (") (id)=(1",))

    with pytest.raises(UniqueError) as caught:
        await db.execute("INSERT INTO teams (name) VALUES (?)", (") (id)=(1",))

    assert caught.value.columns == ("name",)


async def test_a_reference_to_nothing_is_a_409(db: Db) -> None:
    with pytest.raises(ForeignKeyError) as caught:
        await db.execute("INSERT INTO users (email, team_id) VALUES ('a', 99)")

    assert (caught.value.table, caught.value.columns, caught.value.status) == ("users", (), 409)


async def test_what_is_referred_to_cannot_be_deleted(db: Db) -> None:
    team = await db.execute("INSERT INTO teams (name) VALUES ('a')")
    await db.execute("INSERT INTO users (email, team_id) VALUES ('a', ?)", (team,))

    with pytest.raises(ForeignKeyError) as caught:
        await db.execute("DELETE FROM teams")

    assert (caught.value.table, caught.value.columns) == ("teams", ())


async def test_what_restricts_a_delete_is_a_reference_too(db: Db) -> None:
    await db.execute("CREATE TABLE held (team_id INTEGER REFERENCES teams(id) ON DELETE RESTRICT)")
    team = await db.execute("INSERT INTO teams (name) VALUES ('a')")
    await db.execute("INSERT INTO held VALUES (?)", (team,))

    with pytest.raises(ForeignKeyError):
        await db.execute("DELETE FROM teams")


async def test_a_reference_that_is_checked_at_the_end_is_refused_there(db: Db) -> None:
    await db.execute("CREATE TABLE late (team_id INTEGER REFERENCES teams(id) DEFERRABLE INITIALLY DEFERRED)")

    with pytest.raises(ForeignKeyError):
        async with db.transaction():
            await db.execute("INSERT INTO late VALUES (99)")

    assert await db.query("SELECT * FROM late") == []


async def test_a_missing_value_is_a_422(db: Db) -> None:
    with pytest.raises(NotNullError) as caught:
        await db.execute("INSERT INTO users (email) VALUES (NULL)")

    assert (caught.value.table, caught.value.columns, caught.value.status) == ("users", ("email",), 422)


async def test_a_value_that_is_not_allowed_is_a_422(db: Db) -> None:
    with pytest.raises(CheckError) as caught:
        await db.execute("INSERT INTO users (email, age) VALUES ('a', -1)")

    assert (caught.value.table, caught.value.columns, caught.value.status) == ("users", ("age",), 422)


@pytest.mark.parametrize(
    "rule", ["CHECK (n > 0 AND lower(word) != 'x')", "CONSTRAINT ruled_n CHECK (n > 0 AND word != 'x')"]
)
async def test_a_check_names_its_columns_whatever_its_own_name(db: Db, rule: str) -> None:
    await db.execute(f"CREATE TABLE ruled (word TEXT, n INTEGER, {rule})")
    await db.execute("INSERT INTO ruled VALUES ('y', 1)")

    with pytest.raises(CheckError) as caught:
        await db.execute("INSERT INTO ruled VALUES ('y', ?)", (0,))

    assert (caught.value.table, caught.value.columns) == ("ruled", ("n", "word"))


async def test_a_check_is_known_before_anything_was_inserted(db: Db, url: str) -> None:
    await add(db, "a")
    if url == "sqlite://":
        pytest.skip("what is in memory is gone with its tool")

    async with standing(url) as other:
        with pytest.raises(CheckError) as caught:
            await other.execute("UPDATE users SET age = ?", (-1,))

    assert (caught.value.table, caught.value.columns) == ("users", ("age",))


async def test_a_check_made_in_the_transaction_that_breaks_it_is_known(db: Db) -> None:
    with pytest.raises(CheckError) as caught:
        async with db.transaction():
            await db.execute("CREATE TABLE fresh (a INTEGER, b INTEGER, CONSTRAINT rule CHECK (b > a))")
            await db.execute("INSERT INTO fresh VALUES (?, ?)", (2, 1))

    assert (caught.value.table, caught.value.columns) == ("fresh", ("b", "a"))


async def test_a_value_of_the_wrong_type_in_a_strict_table_is_not_allowed(db: Db, dialect: str) -> None:
    if dialect != "sqlite":
        pytest.skip("every table of PostgreSQL is strict, and says so of a parameter")
    await db.execute("CREATE TABLE strict_one (n INTEGER) STRICT")

    with pytest.raises(CheckError) as caught:
        await db.execute("INSERT INTO strict_one VALUES ('x')")

    assert (caught.value.table, caught.value.columns) == ("strict_one", ("n",))


async def test_no_refusal_shows_sql_to_a_client(db: Db) -> None:
    for values in ("NULL, 1", "'a', -1"):
        with pytest.raises(Refusal) as caught:
            await db.execute(f"INSERT INTO users (email, age) VALUES ({values})")

        assert not {"insert", "constraint", "users"} & set(caught.value.detail.lower().split())


@pytest.mark.parametrize("sql", ["SELEC 1", "SELECT 1 +", "INSERT INTO teams VALUES (1,"])
async def test_a_statement_that_cannot_be_read_is_an_error_without_a_status(db: Db, sql: str) -> None:
    with pytest.raises(DbError) as caught:
        await db.query(sql)

    assert not isinstance(caught.value, Refusal)


@pytest.mark.parametrize(
    "sql", ["SELECT * FROM nowhere", "SELECT nothing FROM users", "INSERT INTO nowhere VALUES (1)"]
)
async def test_a_name_that_is_not_there_is_an_error_that_says_it(db: Db, sql: str) -> None:
    with pytest.raises(DbError, match="nowhere|nothing"):
        await db.execute(sql)


async def test_a_statement_that_takes_too_long_is_a_504_and_the_next_one_works(url: str, for_ever: str) -> None:
    async with standing(url, DB_TIMEOUT_S="0.05") as db:
        with pytest.raises(QueryTimeoutError) as caught:
            await db.query(for_ever)

        assert caught.value.status == 504
        assert await db.query("SELECT 1 AS n") == [{"n": 1}]
