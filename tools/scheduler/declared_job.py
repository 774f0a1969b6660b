"""A job of `cron` or `every`: when it is due, and what is published for the times that passed while nothing ran."""

import logging
import math
from typing import NamedTuple

import msgspec

from tools.scheduler.contract import Misfire
from tools.scheduler.job_store import StoredJob
from tools.scheduler.schedule import Schedule

log = logging.getLogger(__name__)
MOST_MISSED = 1_000
LARGEST_PAYLOAD_BYTES = 256 * 1024  # as for the bus, so that what is kept can be published
LONGEST_NAME = 200


class Step(NamedTuple):
    """From one due time to the next one, with an event or without."""

    due_at: int
    next_due_at: int
    is_published: bool


class DeclaredJob(NamedTuple):
    """What a plugin declared."""

    name: str
    owner: str
    schedule: Schedule
    event: str
    payload: str
    misfire: Misfire
    grace_ms: int

    def stored(self, now: int) -> StoredJob:
        """Give the row of one that is new."""
        return StoredJob(
            id=self.name,
            schedule=self.schedule.text,
            due_at=self.schedule.next_after(now, now),
            event=self.event,
            payload=self.payload,
            owner=self.owner,
        )

    def steps(self, due_at: int, now: int) -> list[Step]:
        """Plan what happens to the due times up to now, at least one of which there is."""
        following = self.schedule.next_after(due_at, now)
        if self.misfire == "all":
            return self._all(due_at, now, following)
        latest = self.schedule.between(due_at, now, 1)[-1]
        is_published = self.misfire == "once" or now - latest <= self.grace_ms
        if not is_published:
            log.warning("scheduler skips %r, which was due %d s ago", self.name, (now - latest) // 1000)
        return [Step(due_at, following, is_published)]

    def _all(self, due_at: int, now: int, following: int) -> list[Step]:
        times = self.schedule.between(due_at, now, MOST_MISSED)
        if times[0] != due_at:
            message = "scheduler publishes %r for the last %d due times that were missed, and not for those before"
            log.warning(message, self.name, len(times))
        return [
            Step(one, after, is_published=True)
            for one, after in zip([due_at, *times[1:]], [*times[1:], following], strict=True)
        ]

    def taken_back(self, due_at: int, now: int) -> int | None:
        """Give the due time to wait for instead, where the clock was so far set back that this one is far away."""
        if self.schedule.before(due_at) <= now + self.schedule.repeated_ms:
            return None
        return self.schedule.next_after(now, now)


def encoded(payload: object) -> str:
    """Encode what is published; None is an empty object.

    Raises:
        ValueError: it is not JSON, or too large.

    >>> encoded({"id": 7}), encoded(None)
    ('{"id":7}', '{}')
    """
    try:
        body = msgspec.json.encode({} if payload is None else payload)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        message = f"its payload is not JSON ({error}): pass a Struct, or dicts, lists and scalars"
        raise ValueError(message) from error
    if b"null" in body and _has_no_number(msgspec.to_builtins(payload)):  # msgspec writes NaN as null
        raise ValueError("its payload is not JSON: a number in it is NaN, or infinite")
    if len(body) > LARGEST_PAYLOAD_BYTES:
        message = f"its payload has {len(body)} bytes of at most {LARGEST_PAYLOAD_BYTES}"
        raise ValueError(f"{message}: say where the rest can be found")
    return body.decode()


def event_name(event: str) -> str:
    """Give the name of an event back, which is one to the bus too: what is kept has to be published some day.

    Raises:
        ValueError: it is none.
    """
    is_text = "\0" not in event and event.encode(errors="replace").decode() == event
    if not 0 < len(event) <= LONGEST_NAME or not is_text:
        raise ValueError(f"give the event a name of 1 to {LONGEST_NAME} characters, and no NUL")
    return event


def _has_no_number(value: object) -> bool:
    if isinstance(value, float):
        return not math.isfinite(value)
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple | set) else ()
    return any(map(_has_no_number, inner))
