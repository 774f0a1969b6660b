"""From the log to the broker: what is committed is sent, and marked when the broker has confirmed it."""

import asyncio
import logging
from collections.abc import Callable

from tools.event_bus.backoff import rest
from tools.event_bus.brokers.broker import BrokerDown, Packet
from tools.event_bus.brokers.link import Link
from tools.event_bus.brokers.wire import packed, parted
from tools.event_bus.contract import Store
from tools.event_bus.delivery import Delivery
from tools.event_bus.sql.claims import BusyError, Claims
from tools.event_bus.sql.marks import Marks
from tools.event_bus.sql.worker import Pair, Worker

log = logging.getLogger(__name__)
OUTBOX: Pair = ("", "(broker)")
"""The group that an event is stored for when a broker carries it."""
SENT_AT_ONCE = 256
_WORTH_A_LINE = 3
_WAITING = "SELECT 1 AS found FROM _event_deliveries WHERE grp = '(broker)' AND state <> 'done' LIMIT 1"


class Relay:
    """One process at a time sends, in the order of the log; what it had claimed when it ended is sent again."""

    def __init__(
        self, store: Store, claims: Claims, worker: Worker, marks: Marks, link: Link, one_less: Callable[[], None]
    ) -> None:
        self._store, self._claims, self._worker, self._marks, self._link = store, claims, worker, marks, link
        self._one_less = one_less
        self._news = asyncio.Event()
        self._is_down = False

    def wake(self) -> None:
        """Say that there is something to send."""
        self._news.set()

    async def look(self) -> None:
        """Find out whether there is."""
        if await self._store.query(_WAITING):
            self.wake()

    async def work(self) -> None:
        """Send until cancelled."""
        failures = 0
        while True:
            await self._news.wait()
            self._news.clear()
            try:
                while claimed := await self._claims.outgoing(OUTBOX[1], self._worker.name, SENT_AT_ONCE):
                    await self._sent(claimed)
                failures = 0
            except Exception as error:
                failures += 1
                if not isinstance(error, BusyError) and failures == _WORTH_A_LINE:
                    log.warning("event_bus cannot read what is to be sent, and goes on trying: %r", error)
                self._news.set()
                await rest(0.02, failures)

    async def _sent(self, claimed: list[Delivery]) -> None:
        """Send a batch, however often that takes: what comes after it has to wait."""
        both = [(one, packed(one.message)) for one in claimed]
        for part in parted(both, lambda one: len(one[1].data)):
            await self._sent_part([packet for _, packet in part])
            for one, _ in part:
                self._marks.add(one, "done", "")
                self._one_less()
        await self._marks.stored()

    async def _sent_part(self, packets: list[Packet]) -> None:
        failures = 0
        while True:
            try:
                await self._link.send(packets)
                break
            except Exception as error:
                failures += 1
                if not self._is_down:
                    exc_info = None if isinstance(error, BrokerDown) else error
                    log.warning(
                        "event_bus keeps events, as the broker does not take them: %s", error, exc_info=exc_info
                    )
                self._is_down = True
                await rest(0.05, failures)
        if self._is_down:
            log.warning("event_bus hands events over to the broker again")
        self._is_down = False
