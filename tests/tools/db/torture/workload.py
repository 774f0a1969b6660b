"""Writes of every kind, each with a number of its own, so that what became of each can be told from the tables."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

PIECES, PIECE = 40, "x" * 300
"""Some pages in one transaction: whoever is killed then is often killed between two of them."""
SCHEMA = (
    "CREATE TABLE singles (n INTEGER PRIMARY KEY)",
    "CREATE TABLE lefts (n INTEGER PRIMARY KEY)",
    "CREATE TABLE rights (n INTEGER PRIMARY KEY)",
    "CREATE TABLE pieces (n INTEGER, text TEXT)",
)
TORN = (
    "SELECT n FROM lefts WHERE n NOT IN (SELECT n FROM rights) UNION ALL"
    " SELECT n FROM rights WHERE n NOT IN (SELECT n FROM lefts) UNION ALL"
    f" SELECT n FROM pieces GROUP BY n HAVING count(*) <> {PIECES}"
)
"""Numbers of which only a part is stored."""
STORED = (
    "SELECT n FROM singles UNION ALL SELECT lefts.n FROM lefts JOIN rights ON lefts.n = rights.n UNION ALL"
    f" SELECT n FROM pieces GROUP BY n HAVING count(*) = {PIECES}"
)
"""Numbers of which all is stored."""

Write = Callable[[Any, int], Coroutine[Any, Any, None]]


async def autocommit(db: Any, number: int) -> None:
    await db.execute("INSERT INTO singles (n) VALUES (?)", (number,))


async def returning(db: Any, number: int) -> None:
    assert await db.query_one("INSERT INTO singles (n) VALUES (:n) RETURNING n", {"n": number}) == {"n": number}


async def many(db: Any, number: int) -> None:
    pieces = [(number, PIECE)] * PIECES
    assert await db.execute_many("INSERT INTO pieces (n, text) VALUES (?, ?)", pieces) == PIECES


async def two_tables(db: Any, number: int) -> None:
    async with db.transaction():
        await db.execute("INSERT INTO lefts (n) VALUES (?)", (number,))
        await db.execute("INSERT INTO rights (n) VALUES (?)", (number,))


async def nested(db: Any, number: int) -> None:
    async with db.transaction():
        await db.execute("INSERT INTO lefts (n) VALUES (?)", (number,))
        with suppress(ZeroDivisionError):
            async with db.transaction():
                await db.execute("INSERT INTO rights (n) VALUES (?)", (-number - 1_000,))  # torn, if it stays
                raise ZeroDivisionError
        async with db.transaction():
            await db.query("SELECT count(*) AS c FROM singles")
            await asyncio.wait_for(db.execute("INSERT INTO rights (n) VALUES (?)", (number,)), 30)  # a task of its own


async def streaming(db: Any, number: int) -> None:
    async with db.transaction():
        await db.execute("INSERT INTO lefts (n) VALUES (?)", (number,))
        numbers = [row["n"] async for row in db.stream("SELECT n FROM lefts ORDER BY n DESC LIMIT 700")]
        assert number in numbers or len(numbers) == 700
        await db.execute("INSERT INTO rights (n) VALUES (?)", (number,))
    async for _ in db.stream("SELECT n FROM lefts LIMIT 10"):
        break


WRITES: tuple[Write, ...] = (autocommit, returning, many, two_tables, nested, streaming)


async def numbers(db: Any, sql: str) -> set[int]:
    """Give the numbers that TORN or STORED finds."""
    return {row["n"] for row in await db.query(sql)}
