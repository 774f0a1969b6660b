"""A broker without a log of ours: an event is published when the broker has it, and confirmed when it is handled."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Sequence
from functools import partial

import msgspec

from tools.event_bus.brokers.broker import Broker, BrokerDown, Packet
from tools.event_bus.brokers.link import Link
from tools.event_bus.brokers.wire import packed, parted, unpacked
from tools.event_bus.contract import BusFull, Gives, State, TracedEvent, TransportDown
from tools.event_bus.delivery import Delivery
from tools.event_bus.memory.memory_log import MemoryLog
from tools.event_bus.message import Message
from tools.event_bus.settings import EventBusSettings
from tools.event_bus.subscription import Subscription

log = logging.getLogger(__name__)
_SENT_AT_ONCE = 256
_TRIED_AGAIN_S = 1.0
_LOOK_S = 0.01

Outgoing = tuple[Packet, asyncio.Future[None]]


def gives(broker: Gives) -> Gives:
    """Say what is left of what the broker gives: dead letters and delays are in memory."""
    return msgspec.structs.replace(broker, gifts=broker.gifts & {"durable", "ordered"})


class MemoryBrokeredLog(MemoryLog):
    """Keeps `Log`."""

    def __init__(self, settings: EventBusSettings, broker: Broker) -> None:
        super().__init__(settings, None)
        self.gives = gives(broker.gives)
        self._timeout_s, self._broker, self._link = settings.event_bus_timeout_s, broker, Link(broker, self._take)
        self._outgoing: deque[Outgoing] = deque()
        self._late: deque[Message] = deque()
        self._news, self._is_late = asyncio.Event(), asyncio.Event()
        self._through: dict[Delivery, asyncio.Future[None]] = {}
        self._busy: set[tuple[str, str]] = set()
        self._is_draining = False

    async def open(self) -> None:
        groups = {event: [one.name for one in topic.subscriptions] for event, topic in self._topics.items()}
        await self._link.open(groups, self._timeout_s)
        self._link.start(self._send(), "sends")
        self._link.start(self._send_late(), "sends what was delayed")

    async def check_health(self) -> None:
        await self._broker.check_health()

    async def drain(self) -> None:
        """Finish and confirm what is here; what fails stays with the broker, as its retries would end with us."""
        self._is_draining = True
        while any(not self._is_failing(which) for which in self._busy):  # noqa: ASYNC110 (no failure is told to a log)
            await asyncio.sleep(_LOOK_S)
        await self._link.end_receiving()
        await super().drain()

    async def close(self) -> None:
        await self._link.close()
        for _, sent in self._outgoing:
            _fail(sent, BrokerDown("the system shuts down"))
        if self._late:
            log.error(
                "event_bus lost %d events at shutdown that were due, and not taken by the broker", len(self._late)
            )
        await super().close()

    def append(self, message: Message) -> Awaitable[None] | None:
        if message.delay_s:
            if len(self._delayed) + len(self._late) >= self._bound:
                raise BusFull(message.event, "the list of what is delayed")
            self._remember((message, []))
            self._delay(message, partial(self._is_due, message))
            return None
        self._remember((message, []))
        return self._handed_over(message)

    def ended(self, delivery: Delivery, state: State, error: str = "") -> None:
        super().ended(delivery, state, error)
        through = self._through.pop(delivery, None)
        if through is not None and not through.done():
            through.set_result(None)

    async def trace(self, trace_id: str) -> list[TracedEvent]:
        """What was published here and came back here is one event."""
        found: dict[str, TracedEvent] = {}
        for one in await super().trace(trace_id):
            before = found.setdefault(one.event_id, one)
            if before is not one:
                both = [*before.deliveries, *one.deliveries]
                found[one.event_id] = msgspec.structs.replace(before, deliveries=both)
        return list(found.values())

    async def pending(self) -> int:
        return await super().pending() + len(self._late)

    # ------------------------------------------------------------ to the broker

    def _is_due(self, message: Message) -> None:
        self._late.append(message)
        self._is_late.set()

    async def _send_late(self) -> None:
        """One after the other: they stay in the order in which they were due."""
        while True:
            await self._is_late.wait()
            self._is_late.clear()
            while self._late:
                try:
                    await self._handed_over(self._late[0])
                    self._late.popleft()
                except TransportDown as error:
                    log.warning("event_bus goes on trying: %s", error)
                    await asyncio.sleep(_TRIED_AGAIN_S)

    async def _handed_over(self, message: Message) -> None:
        sent = asyncio.get_running_loop().create_future()
        self._outgoing.append((packed(message), sent))
        self._news.set()
        try:
            async with asyncio.timeout(self._timeout_s):
                await sent
        except (TimeoutError, BrokerDown) as error:
            raise TransportDown(message.event, str(error) or "no answer in time") from error

    async def _send(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            while self._outgoing:
                some = [self._outgoing.popleft() for _ in range(min(len(self._outgoing), _SENT_AT_ONCE))]
                due = [(packet, sent) for packet, sent in some if not sent.done()]  # nobody waits for the others
                for part in parted(due, lambda one: len(one[0].data)):
                    await self._send_some(part)

    async def _send_some(self, due: Sequence[Outgoing]) -> None:
        failure = BrokerDown("the system shuts down")
        try:
            await self._link.send([packet for packet, _ in due])
        except BrokerDown as error:
            failure = error
        except Exception as error:
            log.exception("event_bus cannot hand events over to the broker")
            failure = BrokerDown(repr(error))
        else:
            for _, sent in due:
                if not sent.done():
                    sent.set_result(None)
        finally:
            for _, sent in due:
                _fail(sent, failure)

    # ------------------------------------------------------------ from the broker

    async def _take(self, event: str, group: str, packets: Sequence[Packet]) -> None:
        """Return when all of them are through; cancelled, let go of what has not begun, since it comes again."""
        one = next((one for one in self._topics[event].subscriptions if one.name == group), None)
        if one is None or self._is_draining:
            await asyncio.Event().wait()  # until cancelled: the broker keeps it
            return
        waiting = [self._put_in(one, message) for message in _messages(packets)]
        self._busy.add((event, group))
        try:
            await asyncio.gather(*waiting)
        except asyncio.CancelledError:
            self._let_go(one)
            raise
        finally:
            self._busy.discard((event, group))

    def _put_in(self, one: Subscription, message: Message) -> asyncio.Future[None]:
        delivery = Delivery(message, one.name)
        self._remember((message, [delivery]))
        self._through[delivery] = through = asyncio.get_running_loop().create_future()
        one.put(delivery)
        return through

    def _let_go(self, one: Subscription) -> None:
        for delivery in one.withdraw():
            if self._through.pop(delivery, None) is None:
                one.put(delivery)  # a dead letter that is replayed: nobody else has it

    def _is_failing(self, which: tuple[str, str]) -> bool:
        return any(one.is_retry for one in self._through if (one.message.event, one.group) == which)


def _messages(packets: Sequence[Packet]) -> list[Message]:
    read = []
    for packet in packets:
        try:
            read.append(unpacked(packet))
        except msgspec.MsgspecError as error:
            log.error("event_bus got something through the broker that is no event of its own: %s", error)
    return read


def _fail(sent: asyncio.Future[None], failure: BrokerDown) -> None:
    if not sent.done():
        sent.set_exception(failure)
