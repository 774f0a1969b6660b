"""How much waits in the database: counted now and then, and estimated between."""

import asyncio
from collections.abc import Callable

from tools.event_bus.contract import BusFull, Store
from tools.event_bus.message import chain
from tools.event_bus.settings import EventBusSettings
from tools.event_bus.sql.worker import Pair, is_of
from tools.event_bus.transaction import is_in_transaction

_WAITING = "SELECT event, grp, COUNT(*) AS found FROM _event_deliveries WHERE state = 'waiting' GROUP BY event, grp"


class Room:
    """Bounded by EVENT_BUS_STORED; it may be passed by what other processes store between two counts.

    What was left by a group that is gone counts no more: nothing is added to it, and nobody would ever make room.
    """

    def __init__(self, store: Store, settings: EventBusSettings, stored_for: Callable[[], set[Pair]]) -> None:
        self._stored_for = stored_for
        self._store, self._bound, self._wait_s = store, settings.event_bus_stored, settings.event_bus_wait_s
        self._waiting = self._stored = 0
        self._is_less = asyncio.Event()

    @property
    def is_full(self) -> bool:
        """Say whether an event now would have to wait."""
        return self._waiting >= self._bound

    def more(self, count: int) -> None:
        """Note what was stored."""
        self._waiting += count
        self._stored += count

    def one_less(self) -> None:
        """Note an end, perhaps of what another process has stored: that made no room for what this one did."""
        if self._waiting:
            self._waiting -= 1
        self._is_less.set()

    async def count(self) -> None:
        """Ask the database."""
        rows, known = await self._store.query(_WAITING), self._stored_for()
        self._waiting = self._stored = sum(row["found"] for row in rows if is_of(row["event"], row["grp"], known))
        self._is_less.set()

    async def recount(self) -> None:
        """Ask the database where it matters: without the ends, which may be others', it is over half of the bound."""
        if self._stored > self._bound // 2:
            await self.count()

    async def wait(self, event: str) -> None:
        """Wait for room.

        Raises:
            BusFull: not in time; at once inside a callback and a transaction, for which it may wait itself.
        """
        may_wait = not is_in_transaction(self._store) and not chain.get()
        try:
            async with asyncio.timeout(self._wait_s if may_wait else 0):
                while self.is_full:
                    self._is_less.clear()
                    await self._is_less.wait()
        except TimeoutError:
            raise BusFull(event, "the log", "EVENT_BUS_STORED") from None
