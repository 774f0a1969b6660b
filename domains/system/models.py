"""What the features of `system` share."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from msgspec import Struct

from tools.event_bus.contract import TracedDelivery, TracedEvent
from tools.registry.contract import Health


class Live(Struct, frozen=True):
    """The process answers."""

    status: Literal["live"] = "live"


class Ready(Struct, frozen=True):
    """How the system is, without names."""

    status: Literal["ready", "degraded", "unavailable"]


class PartStatus(Struct, frozen=True):
    """A tool or a plugin."""

    name: str
    file: str
    state: Literal["found", "ready", "broken", "disabled"]
    error: str
    boot_ms: float


class SystemStatus(Struct, frozen=True, kw_only=True):
    """What stands, how it is, and how the events get on."""

    health: Health
    tools: list[PartStatus]
    plugins: list[PartStatus]
    pending_deliveries: int
    dead_letters_by_group: dict[str, int]


class TraceNode(Struct, frozen=True, kw_only=True):
    """An event, how its groups got on with it, and what that caused."""

    event: str
    event_id: str
    key: str
    published_at_utc: datetime
    deliveries: list[TracedDelivery]
    caused: list["TraceNode"]


class TraceTree(Struct, frozen=True):
    """What followed from one request, or from an event that none caused."""

    trace_id: str
    events: list[TraceNode]


def tree(trace_id: str, found: Iterable[TracedEvent]) -> TraceTree:
    """Hang each event below the one that caused it; one whose cause is kept no more stands at the top."""
    nodes = {one.event_id: (one.parent_id, _node(one)) for one in found}
    top: list[TraceNode] = []
    for parent_id, node in nodes.values():
        (nodes[parent_id][1].caused if parent_id in nodes else top).append(node)
    return TraceTree(trace_id, top)


def _node(one: TracedEvent) -> TraceNode:
    return TraceNode(
        event=one.event,
        event_id=one.event_id,
        key=one.key,
        published_at_utc=one.published_at_utc,
        deliveries=one.deliveries,
        caused=[],
    )
