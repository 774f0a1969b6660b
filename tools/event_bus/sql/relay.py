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
    """One process at a time sends, in the order of the log; what it had claimed when it ended is sent again.

    So is what it could not send, by whoever claims it next: one without a way to the broker holds up no others.
    """

    def __init__(
        self, store: Store, claims: Claims, worker: Worker, marks: Marks, link: Link, one_less: Callable[[], None]
    ) -> None:
        self._store, self._claims, self._worker, self._marks, self._link = store, claims, worker, marks, link
        self._one_less = one_less
        self._news = asyncio.Event()
        self._refusals = 0

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
        """Send a batch, in order; what the broker does not take from here is let go: others may reach it."""
        both = [(one, packed(one.message)) for one in claimed]
        for part in parted(both, lambda one: len(one[1].data)):
            if not await self._is_taken([packet for _, packet in part]):
                await self._marks.stored()
                await self._claims.let_go_outgoing(self._worker.name)
                await rest(0.05, self._refusals)
                return
            for one, _ in part:
                self._marks.add(one, "done", "")
                self._one_less()
        await self._marks.stored()

    async def _is_taken(self, packets: list[Packet]) -> bool:
        try:
            await self._link.send(packets)
        except Exception as error:
            self._refusals += 1
            if self._refusals == 1:
                exc_info = None if isinstance(error, BrokerDown) else error
                log.warning("event_bus keeps events, as the broker does not take them: %s", error, exc_info=exc_info)
            return False
        if self._refusals:
            log.warning("event_bus hands events over to the broker again")
        self._refusals = 0
        return True
