"""An event as bytes for a broker, and back: what another version of an app added or left out does no harm."""

from collections.abc import Callable, Iterable, Iterator
from typing import Annotated, TypeVar

import msgspec

from hookspecs import Trace
from tools.event_bus.brokers.broker import Packet
from tools.event_bus.message import LONGEST_DELAY_S, Message, is_text

T = TypeVar("T")
_PART_BYTES = 256 * 1024
"""Handed over at once: what has its time-out for itself, so that large events pass a slow network too."""

_LATEST_S = 250_000_000_000  # in the year 9892: Python can write what is due or over later
_Duration = Annotated[float, msgspec.Meta(ge=0, le=2 * LONGEST_DELAY_S)]  # a log gives it back with rounding errors


class Wire(msgspec.Struct, frozen=True, omit_defaults=True):
    """What travels, as JSON; times are UTC, in seconds since 1970."""

    event_id: str
    event: str
    published_at: Annotated[float, msgspec.Meta(ge=0, le=_LATEST_S)]
    body: msgspec.Raw
    key: str = ""
    trace_id: str = ""
    parent_id: str = ""
    request_id: str = ""
    chain: tuple[str, ...] = ()
    delay_s: _Duration = 0.0
    ttl_s: _Duration | None = None
    headers: dict[str, str] = {}


_read = msgspec.json.Decoder(Wire).decode
_write = msgspec.json.Encoder().encode


def packed(one: Message) -> Packet:
    """Make a packet of a message."""
    trace = one.trace
    wire = Wire(trace.event_id, one.event, one.published_at_s, msgspec.Raw(one.body), one.key, trace.trace_id,
                trace.parent_id, trace.request_id, one.chain, one.delay_s, one.ttl_s, one.headers)  # fmt: skip
    return Packet(one.event, trace.event_id, one.key, _write(wire))


def unpacked(packet: Packet) -> Message:
    """Make the message again.

    Raises:
        msgspec.MsgspecError: it is none of ours.
    """
    wire = _read(packet.data)
    if wire.event != packet.event:
        raise msgspec.ValidationError(f"it is {wire.event[:40]!r}, and came as {packet.event!r}")
    if not _is_utf8(wire.body) or not all(map(is_text, (wire.event_id, wire.key, wire.trace_id, wire.parent_id))):
        raise msgspec.ValidationError("no database can keep its text")
    trace = Trace(wire.trace_id, wire.request_id, wire.event_id, wire.parent_id)
    return Message(wire.event, bytes(wire.body), trace, wire.chain, wire.published_at, wire.key, wire.delay_s,
                   wire.ttl_s, wire.headers)  # fmt: skip


def _is_utf8(body: msgspec.Raw) -> bool:
    """Find out what msgspec does not, of what it leaves undecoded."""
    try:
        return bool(bytes(body).decode())
    except UnicodeDecodeError:
        return False


def parted(items: Iterable[T], size_of: Callable[[T], int]) -> Iterator[list[T]]:
    """Cut into parts of 256 KiB at most, or of one item.

    >>> list(parted([100_000, 100_000, 100_000, 900_000, 1], int))
    [[100000, 100000], [100000], [900000], [1]]
    """
    part, size = list[T](), 0
    for item in items:
        if part and size + size_of(item) > _PART_BYTES:
            yield part
            part, size = [], 0
        part.append(item)
        size += size_of(item)
    if part:
        yield part
