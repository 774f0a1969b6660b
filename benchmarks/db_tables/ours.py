"""This project's `db`, by itself, on any engine."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from benchmarks.db_tables.scenario import INSERT, SELECT_MANY, SELECT_ONE, Calls, Item, key, values


@asynccontextmanager
async def booted(url: str, **settings: str) -> AsyncIterator[Any]:
    """Boot this project's `db` by itself, on its defaults."""
    from hookspecs import System
    from tools.db import register_tools

    async def gather(hook: str, **arguments: Any) -> list[Any]:
        return []

    (tool,) = register_tools()
    db: Any = tool.factory({"DATABASE_URL": url, **settings})
    await db.on_boot(System(gather, []))
    try:
        yield db
    finally:
        await db.on_shutdown()


def our_calls(db: Any) -> Calls:
    """Ask this project's `db`; the same on every engine."""
    return Calls(
        lambda number: db.query_one(SELECT_ONE, (key(number),)),
        lambda number: db.query(SELECT_MANY, (key(number),), into=Item),
        lambda number: db.execute(INSERT, values(number)),
    )
