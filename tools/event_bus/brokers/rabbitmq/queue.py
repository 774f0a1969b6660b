"""The queues of groups, their names, and how they are declared."""

from collections.abc import Iterable
from hashlib import sha256
from urllib.parse import quote

from aiormq.abc import AbstractChannel, ArgumentsType

_LONGEST_NAME = 100
_ARGUMENTS: ArgumentsType = {
    "x-queue-type": "quorum",
    "x-single-active-consumer": True,
    # RabbitMQ 4 drops a message after 20 deliveries unless told otherwise, 3.10 knows no -1; and one number for all
    # versions, as a queue cannot be declared again with another
    "x-delivery-limit": 2_000_000_000,
}


def routing_key(event: str) -> str:
    """Name an event; two such parts and a prefix of 20 make up at most 248 of the 255 bytes that AMQP allows."""
    quoted = quote(event, safe="").replace("~", "%7E").replace("%", "@")
    if len(quoted) <= _LONGEST_NAME:
        return quoted
    return f"{quoted[:80]}#{sha256(event.encode()).hexdigest()[:32]}"


class Queues:
    """All that have one prefix, which is also the exchange that they are bound to."""

    def __init__(self, prefix: str) -> None:
        self.exchange = prefix

    def name(self, event: str, group: str) -> str:
        return f"{self.exchange}/{routing_key(event)}/{routing_key(group)}"

    async def declare(self, channel: AbstractChannel, groups: Iterable[tuple[str, str]]) -> None:
        """Make the exchange and the queues of (event, group) that are missing."""
        await channel.exchange_declare(self.exchange, exchange_type="direct", durable=True)
        for event, group in groups:
            await self._declare(channel, event, group)

    async def waiting(self, channel: AbstractChannel, event: str, group: str) -> int:
        """Make what is missing for a group, and count the packets in its queue that nobody was given."""
        await channel.exchange_declare(self.exchange, exchange_type="direct", durable=True)
        return await self._declare(channel, event, group)

    async def _declare(self, channel: AbstractChannel, event: str, group: str) -> int:
        name = self.name(event, group)
        declared = await channel.queue_declare(name, durable=True, arguments=_ARGUMENTS)
        await channel.queue_bind(name, self.exchange, routing_key(event))
        return declared.message_count or 0
