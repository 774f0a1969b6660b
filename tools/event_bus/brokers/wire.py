"""An event as bytes for a broker, and back: what another version of an app added or left out does no harm."""

import msgspec

from hookspecs import Trace
from tools.event_bus.brokers.broker import Packet
from tools.event_bus.message import Message


class Wire(msgspec.Struct, frozen=True, omit_defaults=True):
    """What travels, as JSON; times are UTC, in seconds since 1970."""

    event_id: str
    event: str
    published_at: float
    body: msgspec.Raw
    key: str = ""
    trace_id: str = ""
    parent_id: str = ""
    request_id: str = ""
    chain: tuple[str, ...] = ()
    delay_s: float = 0.0
    ttl_s: float | None = None
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
    trace = Trace(wire.trace_id, wire.request_id, wire.event_id, wire.parent_id)
    return Message(wire.event, bytes(wire.body), trace, wire.chain, wire.published_at, wire.key, wire.delay_s,
                   wire.ttl_s, wire.headers)  # fmt: skip
