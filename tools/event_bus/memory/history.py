"""What happened, as far back as memory keeps it."""

import itertools
from collections import Counter, deque
from datetime import UTC, datetime
from typing import NamedTuple

from tools.event_bus.contract import DeadLetter, TracedDelivery, TracedEvent
from tools.event_bus.delivery import Delivery
from tools.event_bus.message import Message, shown

KEPT = 1_000


class Dead(NamedTuple):
    """A delivery that failed for good."""

    id: int
    delivery: Delivery


class History:
    """The last events, and the last dead letters; the oldest make room."""

    def __init__(self) -> None:
        self.events: deque[tuple[Message, list[Delivery]]] = deque(maxlen=KEPT)
        self._ids = itertools.count(1)
        self._dead: deque[Dead] = deque(maxlen=KEPT)

    def bury(self, delivery: Delivery) -> None:
        """Keep a dead letter."""
        self._dead.append(Dead(next(self._ids), delivery))

    def dead_letters(self, after: int, limit: int) -> list[DeadLetter]:
        """List them, by id."""
        return [_letter(one) for one in [dead for dead in self._dead if dead.id > after][:limit]]

    def failed(self) -> dict[str, int]:
        """Count them by group."""
        return Counter(one.delivery.group for one in self._dead)

    def dead(self, id: int) -> Delivery | None:
        """Find a dead letter."""
        return next((one.delivery for one in self._dead if one.id == id), None)

    def forget(self, id: int) -> bool:
        """Take a dead letter out; False where there is none of that id."""
        found = [one for one in self._dead if one.id == id]
        for one in found:
            self._dead.remove(one)
        return bool(found)

    def trace(self, trace_id: str) -> list[TracedEvent]:
        """List the events of one trace, oldest first."""
        return [_event(message, made) for message, made in self.events if message.trace.trace_id == trace_id]


def _letter(dead: Dead) -> DeadLetter:
    delivery = dead.delivery
    message = delivery.message
    return DeadLetter(
        id=dead.id,
        event=message.event,
        event_id=message.trace.event_id,
        trace_id=message.trace.trace_id,
        group=delivery.group,
        key=message.key,
        state="dead",
        error=delivery.error,
        attempts=delivery.attempt,
        published_at_utc=datetime.fromtimestamp(message.published_at_s, UTC),
        ended_at_utc=datetime.fromtimestamp(delivery.ended_at_s, UTC),
        payload=shown(message.body),
    )


def _event(message: Message, made: list[Delivery]) -> TracedEvent:
    return TracedEvent(
        event_id=message.trace.event_id,
        parent_id=message.trace.parent_id,
        trace_id=message.trace.trace_id,
        event=message.event,
        key=message.key,
        published_at_utc=datetime.fromtimestamp(message.published_at_s, UTC),
        deliveries=[
            TracedDelivery(
                group=one.group,
                state=one.state,
                attempts=0 if one.state == "waiting" and not one.is_retry else one.attempt,
                error=one.error,
                ended_at_utc=datetime.fromtimestamp(one.ended_at_s, UTC) if one.ended_at_s else None,
            )
            for one in made
        ],
    )
