"""What plugins may import of `event_bus`."""

from tools.event_bus.contract.bus import EventBus
from tools.event_bus.contract.errors import (
    BusFull,
    ChainError,
    NobodyRepliesError,
    PayloadError,
    ReplyError,
    RequestTimeoutError,
    TransportDown,
)
from tools.event_bus.contract.tables import LOG_TABLES
from tools.event_bus.contract.values import (
    DeadLetter,
    Envelope,
    Gift,
    Gives,
    State,
    Store,
    Subscription,
    TracedDelivery,
    TracedEvent,
)

__all__ = [
    "LOG_TABLES",
    "BusFull",
    "ChainError",
    "DeadLetter",
    "Envelope",
    "EventBus",
    "Gift",
    "Gives",
    "NobodyRepliesError",
    "PayloadError",
    "ReplyError",
    "RequestTimeoutError",
    "State",
    "Store",
    "Subscription",
    "TracedDelivery",
    "TracedEvent",
    "TransportDown",
]

USUAL = ("Envelope",)
"""What features usually import from here; the manifest names it."""
