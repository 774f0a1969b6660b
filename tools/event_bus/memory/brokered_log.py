"""A broker without a log of ours: an event is published when the broker has it, and confirmed when it is handled."""

import asyncio
import logging
from collections.abc import Awaitable, Sequence
from functools import partial

import msgspec

from tools.event_bus.brokers.broker import Broker, BrokerDown, Packet
from tools.event_bus.brokers.link import Link
from tools.event_bus.brokers.wire import packed, unpacked
from tools.event_bus.contract import BusFull, Gives, State, TransportDown
from tools.event_bus.delivery import Delivery
from tools.event_bus.memory.memory_log import MemoryLog
from tools.event_bus.message import Message
from tools.event_bus.settings import EventBusSettings

log = logging.getLogger(__name__)
_SENT_AT_ONCE = 256


def gives(broker: Gives) -> Gives:
    """Say what is left of what the broker gives: dead letters and delays are in memory."""
    return msgspec.structs.replace(broker, gifts=broker.gifts & {"durable", "ordered"})


class MemoryBrokeredLog(MemoryLog):
    """Keeps `Log`."""

    def __init__(self, settings: EventBusSettings, broker: Broker) -> None:
        super().__init__(settings, None)
        self.gives = gives(broker.gives)
        self._timeout_s, self._broker, self._link = settings.event_bus_timeout_s, broker, Link(broker, self._take)
        self._outgoing: list[tuple[Packet, asyncio.Future[None]]] = []
        self._news = asyncio.Event()
        self._through: dict[int, asyncio.Future[None]] = {}

    async def open(self) -> None:
        groups = {event: [one.name for one in topic.subscriptions] for event, topic in self._topics.items()}
        await self._link.open(groups, self._timeout_s)
        self._link.start(self._send(), "sends")

    async def check_health(self) -> None:
        await self._broker.check_health()

    async def drain(self) -> None:
        await self._link.end_receiving()
        await super().drain()

    async def close(self) -> None:
        await self._link.close()
        await super().close()

    def append(self, message: Message) -> Awaitable[None] | None:
        if message.delay_s:
            if len(self._delayed) >= self._bound:
                raise BusFull(message.event, "the list of what is delayed")
            self._remember((message, []))
            self._delay(message, partial(self._send_late, message))
            return None
        self._remember((message, []))
        return self._handed_over(message)

    def ended(self, delivery: Delivery, state: State, error: str = "") -> None:
        super().ended(delivery, state, error)
        through = self._through.pop(id(delivery), None)
        if through is not None and not through.done():
            through.set_result(None)

    def _send_late(self, message: Message) -> None:
        self._link.start(self._sent_late(message), "sends what was delayed")

    async def _sent_late(self, message: Message) -> None:
        while True:
            try:
                return await self._handed_over(message)
            except TransportDown as error:
                log.warning("event_bus goes on trying: %s", error)
                await asyncio.sleep(1)

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
                some, self._outgoing = self._outgoing[:_SENT_AT_ONCE], self._outgoing[_SENT_AT_ONCE:]
                due = [(packet, sent) for packet, sent in some if not sent.done()]  # nobody waits for the others
                failure: Exception | None = None
                try:
                    await self._broker.send([packet for packet, _ in due])
                except BrokerDown as error:
                    failure = error
                for _, sent in due:
                    if not sent.done():
                        sent.set_result(None) if failure is None else sent.set_exception(failure)

    async def _take(self, event: str, group: str, packets: Sequence[Packet]) -> None:
        """Return when all of them are through."""
        topic, waiting = self._topics[event], []
        for one in [one for one in topic.subscriptions if one.name == group]:
            for packet in packets:
                try:
                    delivery = Delivery(unpacked(packet), group)
                except msgspec.MsgspecError as error:
                    log.error("event_bus got something through the broker that is no event of its own: %s", error)
                    continue
                self._through[id(delivery)] = through = asyncio.get_running_loop().create_future()
                waiting.append(through)
                one.put(delivery)
        if waiting:
            await asyncio.gather(*waiting)
