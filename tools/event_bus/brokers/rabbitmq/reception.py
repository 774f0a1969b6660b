"""What one group receives on one channel: batches, in order, confirmed after they were taken."""

import asyncio
from contextlib import suppress
from typing import NamedTuple

from aiormq.abc import AbstractConnection, DeliveredMessage
from aiormq.channel import Channel

from tools.event_bus.brokers.broker import Packet, Take
from tools.event_bus.brokers.offer import offer
from tools.event_bus.brokers.rabbitmq.call import CallError, bounded
from tools.event_bus.brokers.rabbitmq.queue import Queues
from tools.event_bus.brokers.upkeep import end

_PREFETCH = 128
"""Packets that are here and not confirmed; of the largest ones these are 35 MB."""
_BATCH = 64
_LOOK_AFTER_S = 10.0
_GOODBYE_WITHIN_S = 0.5


class Group(NamedTuple):
    """Whose packets these are."""

    event: str
    name: str
    take: Take


class Reception:
    """Ends when its channel does; what it has not confirmed comes again, in its order, and here or elsewhere."""

    def __init__(self, group: Group, queues: Queues, timeout_s: float) -> None:
        self._group, self._queues, self._timeout_s = group, queues, timeout_s
        self._inbox: asyncio.Queue[DeliveredMessage | None] = asyncio.Queue()
        """None: nothing more comes."""

    async def run(self, connection: AbstractConnection) -> None:
        """Receive until cancelled; then the next process gets what comes, at once.

        Raises:
            CallError: the channel ended.
        """
        channel = await bounded(connection.channel(publisher_confirms=False), self._timeout_s)
        assert isinstance(channel, Channel)
        channel.closing.add_done_callback(lambda _: self._inbox.put_nowait(None))
        try:
            await bounded(self._begin(channel), self._timeout_s)
            while True:
                try:
                    async with asyncio.timeout(_LOOK_AFTER_S):
                        first = await self._inbox.get()
                except TimeoutError:
                    await self._look(channel)
                else:
                    await self._pass_on(channel, self._batch(first))
        finally:
            with suppress(CallError):
                await bounded(channel.close(), _GOODBYE_WITHIN_S)

    async def _begin(self, channel: Channel) -> None:
        event, group, _ = self._group
        await self._queues.waiting(channel, event, group)
        await channel.basic_qos(prefetch_count=_PREFETCH)
        channel.on_consumer_cancel_callbacks.add(lambda _: self._inbox.put_nowait(None))  # its queue was deleted
        await channel.basic_consume(self._queues.name(event, group), self._inbox.put)

    async def _look(self, channel: Channel) -> None:
        """Find out that the queue was deleted: RabbitMQ does not tell when it was declared again at once.

        Packets that wait may also wait for another process, which has its turn: then we only queue up behind it anew.
        """
        event, group, _ = self._group
        if await bounded(self._queues.waiting(channel, event, group), self._timeout_s):
            raise CallError("packets wait, and none come")

    def _batch(self, first: DeliveredMessage | None) -> list[DeliveredMessage]:
        batch = [first]
        while len(batch) < _BATCH and not self._inbox.empty():
            batch.append(self._inbox.get_nowait())
        found = [message for message in batch if message is not None]
        if len(found) < len(batch):
            raise CallError("the channel ended")
        return found

    async def _pass_on(self, channel: Channel, batch: list[DeliveredMessage]) -> None:
        """Have a batch taken; when the channel ends before it is, let go of it: another process may have it by then."""
        taking = asyncio.create_task(self._taken(channel, batch))
        try:
            await asyncio.wait({taking, channel.closing}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await end(taking)
        if taking.cancelled():
            raise CallError("the channel ended")
        taking.result()

    async def _taken(self, channel: Channel, batch: list[DeliveredMessage]) -> None:
        """Never reject what was not taken: it would come back behind those of its key."""
        event, group, take = self._group
        packets = [_packet(event, message) for message in batch]
        if not await offer(take, packets, f"{group!r} of {event!r}", lambda: channel.is_closed):
            raise CallError("the channel ended")
        confirmed = batch[-1].delivery_tag
        assert confirmed is not None
        await bounded(channel.basic_ack(confirmed, multiple=True, wait=False), self._timeout_s)


def _packet(event: str, message: DeliveredMessage) -> Packet:
    headers = message.header.properties.headers or {}
    return Packet(event, str(headers.get("id", "")), str(headers.get("key", "")), message.body)
