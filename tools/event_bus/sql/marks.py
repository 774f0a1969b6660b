"""How deliveries ended, on the way into the database: many in one statement, in the order of their ends."""

import asyncio
import logging
import time
from collections.abc import Sequence
from contextvars import Context
from itertools import islice
from typing import Any, NamedTuple

from tools.event_bus.backoff import rest
from tools.event_bus.contract import State, Store
from tools.event_bus.delivery import Delivery

log = logging.getLogger(__name__)
_SIZES = (1, 8, 64, 256)  # few sizes, so that few statements have to be prepared


class Mark(NamedTuple):
    """One end."""

    delivery: Delivery
    state: State
    error: str
    ended_at_s: float


class Marks:
    """A queue of ends, and the task that stores them; until then they are claimed, and would be handled again."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: list[Mark] = []
        self._news, self._stored = asyncio.Event(), asyncio.Event()
        self._noted = self._through = 0
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to store."""
        self._task = asyncio.create_task(self._work(), name="event_bus marks", context=Context())

    def add(self, delivery: Delivery, state: State, error: str) -> None:
        """Note an end."""
        self._waiting.append(Mark(delivery, state, error, time.time()))
        self._noted += 1
        self._news.set()

    async def stored(self) -> None:
        """Wait until all that was noted before is stored."""
        last = self._noted
        while self._through < last:
            self._stored.clear()
            await self._stored.wait()

    async def close(self) -> None:
        """Stop."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    async def _work(self) -> None:
        failures = 0
        while True:
            await self._news.wait()
            self._news.clear()
            marks, self._waiting = self._waiting, []
            try:
                while marks:
                    left = await self._store_some(marks)
                    self._through += len(marks) - len(left)
                    self._stored.set()
                    marks, failures = left, 0
            except Exception as error:
                if not failures:
                    log.warning("event_bus cannot mark what was handled, and goes on trying: %r", error)
                failures += 1
                self._waiting = marks + self._waiting
                self._news.set()
                await rest(0.05, failures, least=1)

    async def _store_some(self, marks: list[Mark]) -> list[Mark]:
        """Store the longest run of one kind that one statement takes; answers with the rest."""
        first = marks[0]
        if first.state == "dead":
            await self._bury(first)
            return marks[1:]
        run: list[Mark] = []
        for one in islice(marks, _SIZES[-1]):
            if one.state != first.state or one.delivery.worker != first.delivery.worker:
                break
            run.append(one)
        await self._end([one.delivery.seq for one in run], first)
        return marks[len(run) :]

    async def _end(self, seqs: Sequence[int], like: Mark) -> None:
        size = next(size for size in _SIZES if size >= len(seqs))
        padded = [*seqs, *[seqs[0]] * (size - len(seqs))]
        sql = f"""UPDATE _event_deliveries SET state = ?, ended_at = ?
        WHERE seq IN ({", ".join("?" * size)}) AND worker = ? AND state = 'claimed'"""  # noqa: S608
        params: list[Any] = [like.state, like.ended_at_s, *padded, like.delivery.worker]
        changed = await self._store.execute(sql, params)
        if changed != len(seqs):
            log.warning("event_bus: %d handled events were taken over by another process: they took too long",
                        len(seqs) - (changed or 0))  # fmt: skip

    async def _bury(self, mark: Mark) -> None:
        await self._store.execute(
            "UPDATE _event_deliveries SET state = 'dead', ended_at = ?, error = ?, attempts = ?"
            " WHERE seq = ? AND worker = ? AND state = 'claimed'",
            (mark.ended_at_s, mark.error, mark.delivery.attempt, mark.delivery.seq, mark.delivery.worker),
        )
