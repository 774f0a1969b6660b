"""Hands packets to JetStream so that, whatever is refused or lost on the way, none is stored before one of its key.

all at once, or nothing     a batch, where the stream takes such (nats-server 2.12)
in waves                    else, and where JetStream knows one of the batch already: each key once in a wave, the next
                            wave when all of this one are stored
"""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote
from uuid import uuid4

import msgspec

from tools.event_bus.brokers.broker import Packet
from tools.event_bus.brokers.nats.link import NEVER_S, Link
from tools.event_bus.brokers.nats.names import token

if TYPE_CHECKING:
    from nats.aio.msg import Msg

_LARGEST_BATCH = 500  # JetStream takes 1,000


async def send(link: Link, stream: str, packets: Sequence[Packet]) -> None:
    """Send packets in this order, and return when all of them are stored."""
    for start in range(0, len(packets), _LARGEST_BATCH):
        some = packets[start : start + _LARGEST_BATCH]
        if len(some) == 1 or not link.takes_batches or not await _stored_at_once(link, stream, some):
            for wave in waves(some):
                await _store(link, stream, wave)


def waves(packets: Sequence[Packet]) -> list[list[Packet]]:
    """Part packets so that no two of a wave have one key.

    >>> [["".join((one.key, one.event_id)) for one in wave] for wave in waves([
    ...     Packet("e", "1", "a", b""), Packet("e", "2", "b", b""), Packet("e", "3", "a", b"")])]
    [['a1', 'b2'], ['a3']]
    """
    parted: list[list[Packet]] = []
    counts: dict[tuple[str, str], int] = {}
    for packet in packets:
        which = counts.get((packet.event, packet.key), 0)
        counts[packet.event, packet.key] = which + 1
        if which == len(parted):
            parted.append([])
        parted[which].append(packet)
    return parted


def packet_of(event: str, message: "Msg") -> Packet:
    """Read what was sent; what another program put there is passed on, to be found out."""
    try:
        event_id, key, data = msgspec.msgpack.decode(message.data, type=tuple[str, str, bytes])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return Packet(event, "", "", message.data)
    return Packet(event, event_id, key, data)


async def _stored_at_once(link: Link, stream: str, packets: Sequence[Packet]) -> bool:
    """Send a batch; False where it was refused as a whole: a packet of it is known, or too many are under way."""
    batch = uuid4().hex
    for n, packet in enumerate(packets, 1):
        subject, body, headers = _message(stream, packet)
        headers |= {"Nats-Batch-Id": batch, "Nats-Batch-Sequence": str(n)}
        if n < len(packets):
            await link.client.publish(subject, body, headers=headers)
    headers["Nats-Batch-Commit"] = "1"
    answer = await link.client.request(subject, body, NEVER_S, headers=headers)
    return "error" not in msgspec.json.decode(answer.data, type=dict[str, object])


async def _store(link: Link, stream: str, packets: Sequence[Packet]) -> None:
    """Send packets side by side; the client's `publish_async` would never hear of a refusal."""
    every = [_message(stream, packet) for packet in packets]
    publish = link.jetstream.publish
    acks = (publish(subject, body, NEVER_S, headers=headers) for subject, body, headers in every)
    for answer in await asyncio.gather(*acks, return_exceptions=True):
        if isinstance(answer, BaseException):
            raise answer


def _message(stream: str, packet: Packet) -> tuple[str, bytes, dict[str, str]]:
    body = msgspec.msgpack.encode((packet.event_id, packet.key, packet.data))
    return f"{stream}.{token(packet.event)}", body, {"Nats-Msg-Id": quote(packet.event_id)}
