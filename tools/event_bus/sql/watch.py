"""What no commit of this process tells: delays that are over, what other processes stored, and who of them ended."""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from contextvars import Context
from typing import Any, Protocol

from tools.event_bus.contract import Store
from tools.event_bus.settings import EventBusSettings
from tools.event_bus.sql.rows import COLUMNS, insertion_anew
from tools.event_bus.sql.worker import Pair, Worker

log = logging.getLogger(__name__)
POLL_S = 0.5
_OUTAGE_S = 1.0
_WORTH_A_LINE = 3
_CLEARED_AT_ONCE = 1_000
_DUE_AT_ONCE = 256
_DUE = f"""
DELETE FROM _event_deliveries WHERE seq IN (
    SELECT seq FROM _event_deliveries WHERE state = 'delayed' AND due_at <= ? ORDER BY due_at, seq LIMIT {_DUE_AT_ONCE})
RETURNING seq, {COLUMNS}"""  # noqa: S608
_NEXT = "SELECT MIN(due_at) AS due_at FROM _event_deliveries WHERE state = 'delayed'"
_NEWS = """
SELECT g.event, g.grp, EXISTS (SELECT 1 FROM _event_deliveries d
    WHERE d.event = g.event AND d.grp = g.grp AND d.state IN ('claimed', 'lost') AND d.state = 'lost') AS has_lost
FROM _event_groups g WHERE EXISTS (
    SELECT 1 FROM _event_deliveries d WHERE d.event = g.event AND d.grp = g.grp AND d.state = 'waiting')
OR EXISTS (SELECT 1 FROM _event_deliveries d
    WHERE d.event = g.event AND d.grp = g.grp AND d.state IN ('claimed', 'lost') AND d.state = 'lost')"""
_LAST = "SELECT MAX(seq) AS last FROM _event_deliveries"
_CLEAR = f"""
DELETE FROM _event_deliveries WHERE seq IN (
    SELECT seq FROM _event_deliveries
    WHERE state IN ('done', 'expired') AND seq < (SELECT MAX(seq) FROM _event_deliveries) - ?
    ORDER BY seq LIMIT {_CLEARED_AT_ONCE})"""  # noqa: S608


class Wake(Protocol):
    """Tells a feeder that there is something."""

    def __call__(self, pair: Pair, *, may_have_lost: bool = False) -> None: ...


class Watch:
    """Two tasks: one for deliveries, one for the signs of life, which nothing may delay."""

    def __init__(
        self, store: Store, settings: EventBusSettings, worker: Worker, wake: Wake, changed: Callable[[], None]
    ) -> None:
        self._store, self._settings, self._worker, self._wake, self._changed = store, settings, worker, wake, changed
        self._beat_s = min(5.0, settings.event_bus_lease_s / 4)
        self._tasks: set[asyncio.Task[None]] = set()
        self._next_due_s = float("inf")
        self._last: int | None = None
        """The newest row when history was cleared last."""
        self._sooner = asyncio.Event()
        self.pairs: Callable[[], list[Pair]] = list
        self.lost: Callable[[], object] = int
        """Called when what was claimed here is not this process's any more."""
        self.chores: list[Callable[[], Coroutine[Any, Any, None]]] = [self._clear]

    def now_s(self) -> float:
        """Read the clock that delays are measured by: UTC, as seconds since 1970."""
        return time.time()

    def start(self) -> None:
        """Begin."""
        self.later(self._always(self._poll, self._until_due))
        self.later(self._always(self._live, self._until_beat))

    def later(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something in the background until `close`."""
        task = asyncio.create_task(work, context=Context())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def due_at(self, due_at_s: float) -> None:
        """Look when this is due."""
        if due_at_s < self._next_due_s:
            self._next_due_s = due_at_s
            self._sooner.set()

    async def close(self) -> None:
        """Stop."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _always(self, do: Callable[[], Coroutine[Any, Any, None]], rest: Callable[[], Any]) -> None:
        failures = 0
        while True:
            try:
                await do()
                failures = 0
            except Exception as error:  # one may be another process that changed the same at the same time
                failures += 1
                if failures == _WORTH_A_LINE:
                    log.warning("event_bus cannot look into its log, and goes on trying: %r", error)
                await asyncio.sleep(_OUTAGE_S)
            await rest()

    async def _until_due(self) -> None:
        """Wait for the next poll, or a delay that is over sooner; never long, since clocks jump."""
        self._sooner.clear()
        wait_s = min(POLL_S, max(0.001, self._next_due_s - self.now_s()))
        try:
            async with asyncio.timeout(wait_s):
                await self._sooner.wait()
        except TimeoutError:
            pass

    async def _until_beat(self) -> None:
        await asyncio.sleep(self._beat_s)

    async def _poll(self) -> None:
        (row,) = await self._store.query(_NEXT)
        if row["due_at"] is not None and row["due_at"] <= (now_s := self.now_s()):
            await self._end_delays(now_s)
            (row,) = await self._store.query(_NEXT)
        self._next_due_s = float("inf") if row["due_at"] is None else row["due_at"]
        for found in await self._store.query(_NEWS):
            self._wake((found["event"], found["grp"]), may_have_lost=bool(found["has_lost"]))
        for chore in self.chores:
            await chore()

    async def _end_delays(self, now_s: float) -> None:
        """Store what is due anew, in the order of its times: behind all that was stored before it was due."""
        moved = _DUE_AT_ONCE
        while moved == _DUE_AT_ONCE:
            async with self._store.transaction():
                rows = await self._store.query(_DUE, (now_s,))
                rows.sort(key=lambda row: (row["due_at"], row.pop("seq")))
                if rows:
                    await self._store.execute(*insertion_anew(rows, "waiting"))
            moved = len(rows)

    async def _live(self) -> None:
        if not await self._worker.beat():
            log.error("event_bus was taken for dead: it gave no sign of life for EVENT_BUS_LEASE_S, and begins anew")
            self.lost()
            await self._worker.register(self.pairs())
        await self._worker.look()
        self._changed()

    async def _clear(self) -> None:
        (row,) = await self._store.query(_LAST)
        if row["last"] == self._last:
            return  # a DELETE takes the writer's turn, also where it finds nothing
        self._last = row["last"]
        cleared: int | None = _CLEARED_AT_ONCE
        while cleared == _CLEARED_AT_ONCE:
            cleared = await self._store.execute(_CLEAR, (self._settings.event_bus_history,))
