"""This project's event bus, by itself: in memory, or with its log in a database."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec


class Placed(msgspec.Struct):
    """What every peer's event carries."""

    id: int
    name: str


@asynccontextmanager
async def bus(subscribe: Callable[[Any], None], url: str = "") -> AsyncIterator[Any]:
    """Boot it on its defaults; with a database's URL it stores there.

    Args:
        subscribe: is given the bus, inside a hook.
        url: of the database; without one, all stays in memory.
    """
    from hookspecs import Answer, Part, System, Undo, owner
    from kernel.call import Pool
    from tools.db import register_tools as db_tools
    from tools.db.contract import Migration
    from tools.event_bus import register_tools
    from tools.event_bus.contract import LOG_TABLES

    async def gather(hook: str, **arguments: Any) -> list[Answer]:
        return [Answer("events", "events.py", [Migration(*one) for one in LOG_TABLES.items()], None)]

    (offer,), (db_offer,) = register_tools(), db_tools()
    made, db = offer.factory({}), db_offer.factory({"DATABASE_URL": url or "sqlite://"})
    await db.on_boot(System(gather, []))
    await made.on_boot(Pool().run)
    token = owner.set(Part("bench.events", "events.py", undo=Undo()))
    if url:
        made.store_in(db)
    subscribe(made)
    owner.reset(token)
    await made.on_ready()
    try:
        yield made
    finally:
        await made.on_shutdown()
        await db.on_shutdown()
