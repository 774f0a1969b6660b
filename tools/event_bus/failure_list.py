"""The deliveries that failed for good, as far back as is kept."""

import logging
from collections import deque
from datetime import UTC, datetime

import msgspec

from tools.event_bus.contract import Failure
from tools.event_bus.message import Message

log = logging.getLogger(__name__)
FAILURES_KEPT = 1_000


class FailureList:
    """Logs and keeps; the oldest make room."""

    def __init__(self) -> None:
        self._kept: deque[Failure] = deque(maxlen=FAILURES_KEPT)

    def add(self, message: Message, subscriber: str, error: BaseException, attempts: int) -> None:
        """Log and keep one."""
        event, event_id = message.event, message.trace.event_id
        log.error("%s failed %r (%s) for good in attempt %d", subscriber, event, event_id, attempts, exc_info=error)
        failure = Failure(
            event=event,
            event_id=event_id,
            subscriber=subscriber,
            error=f"{type(error).__name__}: {error}",
            attempts=attempts,
            failed_at_utc=datetime.now(UTC),
            payload=msgspec.json.decode(message.body),
        )
        self._kept.append(failure)

    def newest_last(self) -> list[Failure]:
        """List what is kept."""
        return list(self._kept)
