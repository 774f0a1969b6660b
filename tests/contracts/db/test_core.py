"""SQLAlchemy Core statements, compiled for the engine that runs them."""

import pytest
import sqlalchemy as sa

from tests.contracts.db.people import User, emails
from tools.db.contract import Db, ParameterError

users = sa.table("users", sa.column("id"), sa.column("email"), sa.column("age"))


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


async def test_core_updates_and_deletes_count_rows(db: Db) -> None:
    await db.execute_many(sa.insert(users), [{"email": "a", "age": 1}, {"email": "b", "age": 2}])

    assert await db.execute(sa.update(users).where(users.c.age > 0).values(age=users.c.age + 1)) == 2
    assert await db.execute(sa.delete(users).where(users.c.email == "a")) == 1


async def test_core_returning_belongs_to_query_one(db: Db) -> None:
    found = await db.query_one(sa.insert(users).values(email="a", age=1).returning(users.c.id, users.c.email))

    assert found == {"id": 1, "email": "a"}


async def test_core_limits_and_orders(db: Db) -> None:
    await db.execute_many(sa.insert(users), [{"email": email, "age": 1} for email in "abc"])

    found = await db.query(sa.select(users.c.email).order_by(users.c.email.desc()).limit(2).offset(1))

    assert [row["email"] for row in found] == ["b", "a"]


@pytest.mark.parametrize("params", [{}, {"e": 1, "spare": 2}], ids=["missing", "spare"])
async def test_core_parameters_that_do_not_fit_are_refused(db: Db, params: dict[str, int]) -> None:
    with pytest.raises(ParameterError):
        await db.query(sa.select(users).where(users.c.email == sa.bindparam("e")), params)
