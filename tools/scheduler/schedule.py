"""When a job is due: all times are milliseconds since 1970, UTC, so that no change of a local clock can touch them."""

from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from itertools import islice, takewhile
from typing import NamedTuple, Protocol
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

LONGEST_S = 366 * 86_400
SHORTEST_S = 0.1
_MINUTE_MS, _HOUR_MS = 60_000, 3_600_000
_EXAMPLE = "write `minute hour day month weekday`, e.g. '0 7 * * MON-FRI'"


class Schedule(Protocol):
    """An endless row of due times."""

    @property
    def text(self) -> str:
        """Say it as it was declared."""
        ...

    @property
    def repeated_ms(self) -> int:
        """Tell how far the clock may be set back until due times that have been run already are run again."""
        ...

    def next_after(self, due_at: int, now: int) -> int:
        """Find the first due time after `now`, which is not before `due_at`, the last one."""
        ...

    def before(self, due_at: int) -> int:
        """Find the due time before one."""
        ...

    def between(self, first: int, last: int, most: int) -> list[int]:
        """List the due times from `first`, which is one, up to `last`; the latest `most`, at least 1."""
        ...


class Every(NamedTuple):
    """Due again and again after the same time, which is kept when one is late."""

    text: str
    period_ms: int
    repeated_ms: int = _MINUTE_MS

    def next_after(self, due_at: int, now: int) -> int:
        return due_at + ((now - due_at) // self.period_ms + 1) * self.period_ms

    def before(self, due_at: int) -> int:
        return due_at - self.period_ms

    def between(self, first: int, last: int, most: int) -> list[int]:
        return list(range(first, last + 1, self.period_ms)[-most:])


class Cron(NamedTuple):
    """Due when the clocks of a zone show what an expression says."""

    text: str
    expression: str
    zone: tzinfo
    repeated_ms: int

    def next_after(self, due_at: int, now: int) -> int:
        return next(self._after(now))

    def before(self, due_at: int) -> int:
        return next(self._back(due_at), 0)

    def between(self, first: int, last: int, most: int) -> list[int]:
        found = list(islice(self._until(first - 1, last), most + 1))
        if len(found) > most:
            # to come from the first one would take seconds for a year of minutes
            start = min(islice(self._back(last + 1000), most + 1))
            found = list(self._until(max(first, start) - 1, last))
        return found[-most:]

    def _until(self, after: int, last: int) -> Iterator[int]:
        return takewhile(lambda due_at: due_at <= last, self._after(after))

    def _after(self, after: int) -> Iterator[int]:
        # a time that the clocks show twice is due the first time: from the second one on, that lies before `after`
        return (due_at for due_at in map(_milliseconds, CronSim(self.expression, self._local(after))) if due_at > after)

    def _back(self, before: int) -> Iterator[int]:
        return map(_milliseconds, CronSim(self.expression, self._local(before), reverse=True))

    def _local(self, at: int) -> datetime:
        return datetime.fromtimestamp(at // 1000, UTC).astimezone(self.zone)


def every(seconds: float) -> Every:
    """Make one that is due every so many seconds.

    >>> every(30).next_after(1_000, 100_999)
    121000
    >>> every(30).between(1_000, 100_999, 2)
    [61000, 91000]
    """
    if not SHORTEST_S <= seconds <= LONGEST_S:  # NaN is refused too
        raise ValueError(f"seconds={seconds!r}: give {SHORTEST_S:g} to {LONGEST_S:,}")
    period_ms = round(seconds * 1000)
    return Every(f"every {f'{period_ms / 1000:.3f}'.rstrip('0').rstrip('.')} s", period_ms)


def cron(expression: str, timezone: str) -> Cron:
    """Make one that is due by a cron expression.

    >>> cron("0 7 * * *", "UTC").next_after(0, 0)
    25200000
    """
    fields, zone = expression.split(), _zone(timezone)
    # of a clock that was set back by less than three hours, what has a fixed hour is not run twice, as Debian's cron(8)
    # has it; what is due by the minute goes on
    is_fixed = len(fields) == 5 and not any(field.startswith("*") for field in fields[:2])
    try:
        if next(CronSim(expression, datetime.now(zone)), None) is None:
            raise CronSimError("which is never due")
    except CronSimError as error:
        raise ValueError(f"{expression!r}, {error}: {_EXAMPLE}") from error
    return Cron(" ".join([*fields, timezone]), expression, zone, 3 * _HOUR_MS if is_fixed else _MINUTE_MS)


def _zone(name: str) -> tzinfo:
    try:
        return UTC if name == "UTC" else ZoneInfo(name)
    except (KeyError, OSError, ValueError) as error:
        advice = "write one like 'Europe/Rome', and install `tzdata` where the system has none"
        raise ValueError(f"timezone={name!r}, which is not known here: {advice}") from error


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp()) * 1000
