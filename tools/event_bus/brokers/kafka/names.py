"""The names of topics and groups in Kafka, and the partition of a key."""

import re
from collections.abc import Sequence
from hashlib import sha256

from tools.event_bus.brokers.kafka.client import murmur2

_LONGEST_NAME = 100
_OTHERS = re.compile(r"[^a-zA-Z0-9.]")


def topic_name(prefix: str, event: str) -> str:
    """Name the topic of an event.

    Kafka knows letters, digits, `.`, `_` and `-`, and takes `.` and `_` for the same: so other characters are written
    as `-` and their bytes, and a long name is cut, with its hash behind it.

    >>> topic_name("events", "order.line_added")
    'events.order.line-5fadded'
    """
    return f"{prefix}.{_safe(event)}"


def group_id(prefix: str, event: str, group: str) -> str:
    """Name a group: one for each event, as members of one group have to receive the same topics."""
    return f"{prefix}.{_safe(event)}/{_safe(group)}"


def partition_of(key: str, partitions: Sequence[int]) -> int:
    """Give the partition of a key, as every client of Kafka would."""
    hashed: int = murmur2(key.encode()) & 0x7FFFFFFF
    return partitions[hashed % len(partitions)]


def _safe(name: str) -> str:
    safe = _OTHERS.sub(lambda found: "".join(f"-{byte:02x}" for byte in found[0].encode()), name)
    if len(safe) <= _LONGEST_NAME:
        return safe
    return f"{safe[:60]}--{sha256(name.encode()).hexdigest()[:32]}"
