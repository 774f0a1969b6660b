"""The works of the battery, and where what they store outlives them."""

import asyncio
import contextlib
from typing import Any

import pytest

from hookspecs import Answer, System
from kernel.call import Pool
from tests.contracts.event_bus.plugins import Work, hook
from tools.db import register_tools as register_db
from tools.db.contract import Db, Migration
from tools.event_bus import register_tools
from tools.event_bus.contract import LOG_TABLES

NAMES = ("memory", "sqlite", "postgres")
DURABLE = tuple(name for name in NAMES if name != "memory")

in_memory = pytest.mark.parametrize("transport", ["memory"], indirect=True)
"""For what only a bus that stores nothing does: its bound, and what it loses."""
durable = pytest.mark.parametrize("transport", DURABLE, indirect=True)
"""For what comes back after a restart."""

SHUTDOWN_TIMEOUT_S = 3
EFFECTS = "CREATE TABLE effects (id INTEGER PRIMARY KEY, note TEXT NOT NULL)"
CARRIED = {
    "made.store_events": [Migration(name, sql) for name, sql in LOG_TABLES.items()],
    "made.effects": [Migration("001_effects", EFFECTS)],
}


class Home:
    """Where works live, each as if in a process of its own: the next one finds what the one before has stored."""

    def __init__(self, name: str, db_url: str) -> None:
        self.name, self.db_url, self.is_durable = name, db_url, name != "memory"
        self._works: list[tuple[Work, Db | None]] = []
        self._dbs: list[Any] = []

    async def boot(self, db: Db | None = None, /, **environ: str) -> Work:
        """Boot a work that is not ready yet; a durable one, or one that is given a `db`, stores in it."""
        if self.is_durable and db is None:
            db = await self.open_db()
        (tool,) = register_tools()
        work: Any = tool.factory(environ if self.is_durable else {"EVENT_BUS_URL": "memory://", **environ})
        await work.on_boot(run=Pool().run)
        self._works.append((work, db))
        if db is not None:
            with hook("made.store_events"):
                work.store_in(db)
        return work  # type: ignore[no-any-return]  # it has the hooks beside the contract

    async def open_db(self) -> Db:
        """Open the database of this home, with its tables, once more."""
        (tool,) = register_db()
        db: Any = tool.factory({"DATABASE_URL": self.db_url})
        await db.on_boot(System(_carried, []))
        self._dbs.append(db)
        return db  # type: ignore[no-any-return]  # it has the hooks beside the contract

    async def end(self, work: Work) -> None:
        """Shut a work down, as at the end of its process."""
        self._works = [(one, db) for one, db in self._works if one is not work]
        await work.on_shutdown()

    async def cut_off(self, work: Work) -> None:
        """Close a work's database under it: from now on it neither lives on for others, nor says what became of events.

        So it is with a process that is stopped, or cut off from the network.
        """
        db: Any = next(db for one, db in self._works if one is work)
        self._dbs.remove(db)
        await db.on_shutdown()

    async def close(self) -> None:
        """Shut all down, the last one first; what takes too long is cut, as the kernel does."""
        for work, db in reversed(self._works):
            is_cut_off = db is not None and db not in self._dbs
            with contextlib.suppress(Exception if is_cut_off else TimeoutError):
                async with asyncio.timeout(SHUTDOWN_TIMEOUT_S):
                    await work.on_shutdown()
        for db in reversed(self._dbs):
            await db.on_shutdown()
        self._works, self._dbs = [], []


async def _carried(hook: str, **arguments: Any) -> list[Answer]:
    return [Answer(by, f"domains/{by.replace('.', '/plugins/')}.py", steps, None) for by, steps in CARRIED.items()]
