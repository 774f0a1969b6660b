"""What `db.query` and `query_one` give."""

from typing import Any, assert_type

import msgspec
import pytest

from tests.contracts.db.people import User, add
from tools.db.contract import Db, DbError


class Sums(msgspec.Struct):
    total: int
    mean: float


async def test_a_query_gives_a_dict_for_each_row(db: Db) -> None:
    await add(db, "ana")

    assert await db.query("SELECT id, email FROM users") == [{"id": 1, "email": "ana"}]


async def test_a_query_without_rows_gives_an_empty_list(db: Db) -> None:
    assert await db.query("SELECT * FROM users") == []


async def test_query_one_gives_the_first_row(db: Db) -> None:
    assert await db.query_one("SELECT 7 AS n UNION ALL SELECT 8 ORDER BY n") == {"n": 7}


async def test_query_one_without_rows_gives_none(db: Db) -> None:
    assert await db.query_one("SELECT * FROM users") is None


async def test_rows_become_structs(db: Db) -> None:
    await add(db, "ana")

    assert await db.query("SELECT id, email, age FROM users", into=User) == [User(1, "ana", 18)]


async def test_one_row_becomes_a_struct(db: Db) -> None:
    await add(db, "ana")

    assert await db.query_one("SELECT id, email FROM users", into=User) == User(1, "ana")


async def test_a_type_checker_knows_what_is_read(db: Db) -> None:
    await add(db, "ana")
    sql = "SELECT id, email FROM users"

    rows = assert_type(await db.query(sql, into=User), list[User])
    row = assert_type(await db.query_one(sql, into=User), User | Any)
    streamed = [assert_type(one, User) async for one in db.stream(sql, into=User)]
    plain = assert_type(await db.query(sql), list[dict[str, Any]])

    assert rows == [row] == streamed
    assert plain == [{"id": 1, "email": "ana"}]


async def test_a_struct_takes_the_columns_that_it_names(db: Db) -> None:
    await add(db, "ana")

    assert await db.query_one("SELECT * FROM users", into=User) == User(1, "ana", 18)


async def test_a_row_that_does_not_fit_its_struct_is_an_error_that_names_both(db: Db) -> None:
    with pytest.raises(DbError, match="do not fit User: .*email"):
        await db.query("SELECT 1 AS id", into=User)


async def test_two_columns_of_one_name_are_refused(db: Db) -> None:
    with pytest.raises(DbError, match="two columns named 'id'"):
        await db.query("SELECT 1 AS id, 2 AS id")


async def test_sums_and_means_fit_a_struct_of_numbers(db: Db) -> None:
    await db.execute_many("INSERT INTO loose VALUES (?)", [(1,), (2,), (6,)])

    found = await db.query_one("SELECT sum(x) AS total, avg(x) AS mean FROM loose", into=Sums)

    assert found == Sums(9, 3.0)


async def test_a_with_a_values_and_an_explain_are_queries(db: Db) -> None:
    assert await db.query("WITH n(x) AS (VALUES (1), (2)) SELECT sum(x) AS s FROM n") == [{"s": 3}]
    assert len(await db.query("VALUES (1), (2)")) == 2
    assert await db.query("EXPLAIN SELECT * FROM users")


async def test_joins_groups_and_limits_read_as_anywhere(db: Db) -> None:
    team = await db.execute("INSERT INTO teams (name) VALUES ('a')")
    for email in ("x", "y", "z"):
        await db.execute("INSERT INTO users (email, team_id) VALUES (?, ?)", (email, team))

    found = await db.query(
        "SELECT t.name, count(*) AS n FROM teams t JOIN users u ON u.team_id = t.id WHERE u.email != ?"
        " GROUP BY t.name HAVING count(*) > ? ORDER BY t.name LIMIT ? OFFSET ?",
        ("z", 1, 10, 0),
    )

    assert found == [{"name": "a", "n": 2}]
