"""A bus on a database, as a process of an application has it; several may stand on one, here or in children."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, NamedTuple

from hookspecs import Answer, Part, System, owner
from kernel.call import Pool
from tools.db import register_tools as register_db
from tools.db.contract import Db, Migration
from tools.event_bus import register_tools
from tools.event_bus.contract import LOG_TABLES, EventBus

TABLES = """
CREATE TABLE orders (n INTEGER PRIMARY KEY, lane TEXT NOT NULL);
CREATE TABLE effects (id INTEGER PRIMARY KEY, n INTEGER NOT NULL, attempt INTEGER NOT NULL);
"""
"""A business row is written with its event, in one transaction; an effect is what a handler does."""
CARRIED = {
    "made.store_events": [Migration(name, sql) for name, sql in LOG_TABLES.items()],
    "made.shop": [Migration("001_shop", TABLES)],
}
GROUP = "g"


class Stage(NamedTuple):
    """What a plugin would have asked for, and the bus with its hooks."""

    db: Db
    bus: EventBus
    hooks: Any


async def _carried(hook: str, **arguments: Any) -> list[Answer]:
    return [Answer(by, f"{by}.py", migrations, None) for by, migrations in CARRIED.items()]


async def opened_db(url: str, **settings: str) -> Any:
    """Boot a `db`, with all tables."""
    (tool,) = register_db()
    db: Any = tool.factory({"DATABASE_URL": url, **settings})
    await db.on_boot(System(_carried, []))
    return db


async def booted(url: str, store: Any = None, /, **settings: str) -> Stage:
    """Boot a bus that is not ready yet; its log is in `store`, or in a `db` of its own."""
    db = store or await opened_db(url, **settings)
    (tool,) = register_tools()
    hooks: Any = tool.factory(settings)
    await hooks.on_boot(run=Pool().run)
    with hook("made.store_events"):
        if settings.get("EVENT_BUS_URL") != "memory://":
            hooks.store_in(db)
    return Stage(db, hooks, hooks)


async def ended(stage: Stage) -> None:
    """Shut down, as at the end of a process."""
    await stage.hooks.on_shutdown()
    ends: Any = stage.db
    await ends.on_shutdown()


@asynccontextmanager
async def standing(url: str, **settings: str) -> AsyncIterator[Stage]:
    """Boot one for a block, with no subscription: it publishes, and is asked."""
    stage = await booted(url, **settings)
    await stage.hooks.on_ready()
    try:
        yield stage
    finally:
        await ended(stage)


@contextmanager
def hook(name: str) -> Iterator[None]:
    """Be the hook of a plugin."""
    token = owner.set(Part(name, f"{name}.py"))
    try:
        yield
    finally:
        owner.reset(token)


def subscribe(stage: Stage, event: str, callback: Callable[..., object], **how: Any) -> None:
    """Subscribe as a plugin, in the group that all processes share."""
    with hook("made.listener"):
        stage.bus.subscribe(event, callback, **{"group": GROUP, **how})


async def until(is_so: Callable[[], Any], seconds: float = 30) -> None:
    """Wait for a condition, or for one that has to be awaited."""
    async with asyncio.timeout(seconds):
        while not (await found if inspect.isawaitable(found := is_so()) else found):
            await asyncio.sleep(0.01)


async def settled(stage: Stage, seconds: float = 60, *, but: int = 0) -> None:
    """Wait until all is handled `but` so many."""

    async def is_idle() -> bool:
        return await stage.bus.pending() == but

    await until(is_idle, seconds)
