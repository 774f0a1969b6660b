"""The works of the battery, and where what they store outlives them."""

import asyncio
import contextlib
from typing import Any

import pytest

from hookspecs import Answer, System
from kernel.call import Pool
from tests.contracts.brokers.servers import KINDS
from tests.contracts.event_bus.plugins import Work, hook
from tools.db import register_tools as register_db
from tools.db.contract import Db, Migration
from tools.event_bus import register_tools
from tools.event_bus.contract import LOG_TABLES

BROKERS = tuple(KINDS)
"""With the log in SQLite, as outbox and inbox."""
NAMES = ("memory", "sqlite", "postgres", *(pytest.param(name, marks=pytest.mark.slow) for name in BROKERS))
DURABLE = NAMES[1:]

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

    def __init__(self, name: str, db_url: str, bus_url: str) -> None:
        self.name, self.db_url, self.bus_url, self.is_durable = name, db_url, bus_url, name != "memory"
        self._works: list[tuple[Work, Db | None]] = []
        self._dbs: list[Any] = []
        self._dropped: set[tuple[str, str]] = set()

    async def boot(self, db: Db | None = None, /, **environ: str) -> Work:
        """Boot a work that is not ready yet; a durable one, or one that is given a `db`, stores in it."""
        if self.is_durable and db is None:
            db = await self.open_db()
        (tool,) = register_tools()
        work: Any = tool.factory({"EVENT_BUS_URL": self.bus_url, **environ})
        await work.on_boot(run=Pool().run)
        self._works.append((work, db))
        if db is not None:
            with hook("made.store_events"):
                work.store_in(db)
            if self.name in BROKERS:
                _with_those_in_the_broker(work, db, self._dropped)
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


_IN_THE_BROKER = """
SELECT sent.event_id, g.grp FROM _event_deliveries sent JOIN _event_groups g ON g.event = sent.event
WHERE sent.grp = '(broker)' AND sent.state = 'done' AND g.grp <> '(broker)'
AND EXISTS (SELECT 1 FROM _event_workers w WHERE w.subscribes LIKE '%"' || g.grp || '"%')
AND NOT EXISTS (SELECT 1 FROM _event_deliveries d WHERE d.event_id = sent.event_id AND d.grp = g.grp)"""


def _with_those_in_the_broker(work: Any, db: Db, dropped: set[tuple[str, str]]) -> None:
    """Have `pending` count what a broker has confirmed and not brought yet, which no bus can: others may get it.

    What was dropped here had come.
    """
    pending_here, drop_here = work.pending, work.drop

    async def pending() -> int:
        before = int(await pending_here())
        coming = {(row["event_id"], row["grp"]) for row in await db.query(_IN_THE_BROKER)} - dropped
        # what goes out or comes in meanwhile may be counted twice, and is never left out
        return len(coming) + max(before, int(await pending_here()))

    async def drop(id: int) -> bool:
        found = await db.query("SELECT event_id, grp FROM _event_deliveries WHERE seq = ?", (id,))
        dropped.update((row["event_id"], row["grp"]) for row in found)
        return bool(await drop_here(id))

    work.pending, work.drop = pending, drop


async def _carried(hook: str, **arguments: Any) -> list[Answer]:
    return [Answer(by, f"domains/{by.replace('.', '/plugins/')}.py", steps, None) for by, steps in CARRIED.items()]
