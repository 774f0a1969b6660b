"""From the log into one subscription: when there is news, and as much as it has room for."""

import asyncio
import logging
from contextlib import suppress
from contextvars import Context

from tools.event_bus.backoff import rest
from tools.event_bus.sql.claims import BusyError, Claims
from tools.event_bus.sql.marks import Marks
from tools.event_bus.sql.worker import Worker
from tools.event_bus.subscription import Subscription

log = logging.getLogger(__name__)
MOST_HERE, FEW_HERE = 512, 256
LONG_LANE, MOST_JAMMED = 32, 4_096
_JAM_S = 0.1
_WORTH_A_LINE = 3


class Feeder:
    """Claims, puts, and waits for news or for room."""

    def __init__(self, subscription: Subscription, claims: Claims, worker: Worker, marks: Marks) -> None:
        self.subscription = subscription
        self._claims, self._worker, self._marks = claims, worker, marks
        self._news, self._room = asyncio.Event(), asyncio.Event()
        self._may_have_lost, self._may_hold_more = True, False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin."""
        self._news.set()
        name = f"event_bus feeds {self.subscription.name}"
        self._task = asyncio.create_task(self._work(), name=name, context=Context())

    def wake(self, *, may_have_lost: bool = False) -> None:
        """Say that there is something, perhaps of what a process left behind."""
        self._may_have_lost = self._may_have_lost or may_have_lost
        self._news.set()

    def one_ended(self) -> None:
        """Say that there is more room, or that nothing runs."""
        if self.subscription.size <= FEW_HERE or not self.subscription.is_running:
            self._room.set()

    async def stop(self) -> None:
        """Claim no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    async def let_go(self) -> None:
        """Leave for `_feed_lost`, here or elsewhere, what is claimed for this process, and never arrived here."""
        here = self.subscription.held()
        await self._marks.stored()  # what has ended is claimed until then, and is not here any more
        await self._claims.let_go(self.subscription.event, self.subscription.name, self._worker.name, here)
        self._may_have_lost, self._may_hold_more = True, False

    async def _work(self) -> None:
        failures = 0
        while True:
            await self._news.wait()
            self._news.clear()
            try:
                await self._feed()
                failures = 0
                continue
            except BusyError:
                failures = 1
            except Exception as error:  # one may be another process that claimed at the same time
                self._may_hold_more = True
                failures += 1
                if failures == _WORTH_A_LINE:
                    log.warning("event_bus cannot claim for %s, and goes on trying: %r", self.subscription.name, error)
            self._news.set()
            await rest(0.02, failures)

    async def _feed(self) -> None:
        one = self.subscription
        while True:
            if self._may_hold_more:
                await self.let_go()
            if self._may_have_lost:
                await self._feed_lost()
            if one.size > FEW_HERE:
                await self._make_room()
                continue
            most = MOST_HERE - one.size
            claimed = await self._claims.some(one.event, one.name, self._worker.name, most)
            for delivery in claimed:
                one.put(delivery)
            if len(claimed) < most:
                return

    async def _make_room(self) -> None:
        """Wait for room; where lanes that are long or wait for a retry have taken it, let others have their own."""
        one = self.subscription
        self._room.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(_JAM_S):
                await self._room.wait()
                return
        if one.size - one.jammed(LONG_LANE) <= FEW_HERE and one.size < MOST_JAMMED:
            for delivery in await self._claims.some(one.event, one.name, self._worker.name, FEW_HERE, is_new=True):
                one.put(delivery)

    async def _feed_lost(self) -> None:
        """Handle what a process left behind, one by one: if one of them ends processes, no other is suspected."""
        one = self.subscription
        while True:
            while one.is_running:  # what only waits for its next attempt ends no process
                self._room.clear()
                await self._room.wait()
            await self._marks.stored()
            self._may_have_lost = False
            claimed = await self._claims.lost(one.event, one.name, self._worker.name)
            for delivery in claimed:
                one.put(delivery)
            if not claimed:
                return
            self._may_have_lost = True
