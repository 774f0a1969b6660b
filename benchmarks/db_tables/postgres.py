"""PostgreSQL's peers: a pool of asyncpg as its README shows, and this project's `db`, on one durable server."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

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

POOL_SIZE = 10
"""The default of both."""


@contextmanager
def served() -> Iterator[str]:
    """Run a server, for one peer."""
    from tests.postgres import server

    with server(is_durable=True) as url:
        yield url


async def fill(db: Any) -> None:
    """Make the tables, by this project's `db`: they are the same for all."""
    await db.execute(CREATE)
    await db.execute(CREATE_WRITTEN)
    await db.execute_many(FILL, list(rows()))


@asynccontextmanager
async def raw_pool(folder: Path, **how: Any) -> AsyncIterator[Calls]:
    """Use asyncpg's pool, with what has to be done written by hand."""
    import asyncpg

    from tools.db.statement import numbered

    select_one, select_many, insert = (numbered(sql, {}) for sql in (SELECT_ONE, SELECT_MANY, INSERT))

    async def one(number: int) -> Any:
        return await pool.fetchrow(select_one, key(number))

    async def many(number: int) -> list[Item]:
        return [Item(*row) for row in await pool.fetch(select_many, key(number))]

    async def write(number: int) -> Any:
        return await pool.fetchval(f"{insert} RETURNING id", *values(number))

    with served() as url:
        async with booted(url) as db:
            await fill(db)
        async with asyncpg.create_pool(url, min_size=POOL_SIZE, max_size=POOL_SIZE, **how) as pool:
            yield Calls(one, many, write)


def pool_without_reset(folder: Path) -> AbstractAsyncContextManager[Calls]:
    """Use it without the statement that it sends after each use, as ours is."""

    async def reset(connection: Any) -> None:
        pass

    return raw_pool(folder, reset=reset)


@asynccontextmanager
async def ours(folder: Path) -> AsyncIterator[Calls]:
    """This project's `db`."""
    with served() as url:
        async with booted(url, DB_POOL_SIZE=str(POOL_SIZE)) as db:
            await fill(db)
            yield our_calls(db)
