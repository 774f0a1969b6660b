"""What one process receives for one group: its partitions, whose order Kafka keeps, and no further than was taken."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from tools.event_bus.brokers.broker import Packet, Take
from tools.event_bus.brokers.kafka.client import HAND_OVER_S, ConsumerRebalanceListener, TopicPartition, errors
from tools.event_bus.brokers.offer import offer

_BATCH = 128
_LOOK_MS = 1_000
_LAST_WORD_S = 0.3

Found = Mapping[TopicPartition, Sequence[Any]]


class Reception(ConsumerRebalanceListener):  # type: ignore[misc]  # the client is not typed
    """Takes what a consumer reads; when partitions go elsewhere, what is being taken is confirmed before."""

    def __init__(self, event: str, group: str, take: Take) -> None:
        self._event, self._group, self._take = event, group, take
        self._turn = 0
        """Another one after each change of the group: what was read before is read again by whoever gets it."""
        self._taking = asyncio.Lock()

    async def on_partitions_revoked(self, revoked: object) -> None:
        self._turn += 1
        with suppress(TimeoutError):
            async with asyncio.timeout(HAND_OVER_S), self._taking:
                pass

    async def on_partitions_assigned(self, assigned: object) -> None:
        pass

    async def run(self, consumer: Any, topic: str) -> None:
        """Receive until cancelled.

        Raises:
            KafkaError: the consumer cannot go on.
        """
        consumer.subscribe([topic], listener=self)
        while True:
            found: Found = await consumer.getmany(timeout_ms=_LOOK_MS, max_records=_BATCH)
            turn = self._turn
            if found:
                async with self._taking:
                    if await self._is_taken(found, turn):
                        await _confirm(consumer, found)

    async def _is_taken(self, found: Found, turn: int) -> bool:
        packets = [_packet(self._event, record) for several in found.values() for record in several]
        return await offer(self._take, packets, f"{self._group!r} of {self._event!r}", lambda: turn != self._turn)


async def _confirm(consumer: Any, found: Found) -> None:
    """Say what was taken; also when we are to end just now, or it would come again."""
    confirming = asyncio.create_task(_commit(consumer, found))
    try:
        await asyncio.shield(confirming)
    finally:
        await asyncio.wait({confirming}, timeout=_LAST_WORD_S)
        confirming.cancel()


async def _commit(consumer: Any, found: Found) -> None:
    with suppress(errors.CommitFailedError):  # another one has the partition by now, and reads them again
        await consumer.commit({place: several[-1].offset + 1 for place, several in found.items()})


def _packet(event: str, record: Any) -> Packet:
    """Read what was sent; what another program put there is passed on, to be found out."""
    headers, value = dict(record.headers), record.value or b""
    try:
        return Packet(event, (headers.get("id") or b"").decode(), (record.key or b"").decode(), value)
    except UnicodeDecodeError:
        return Packet(event, "", "", value)
