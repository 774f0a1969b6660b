"""When a schedule is due: what the clocks of zones do twice a year, and what no expression may do."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from tools.scheduler.schedule import Schedule, cron, every

DAY_MS = 86_400_000


def ms(*time: int) -> int:
    return int(datetime(*time, tzinfo=UTC).timestamp() * 1000)  # type: ignore[misc,arg-type]  # year to minute


def following(schedule: Schedule, start: int, count: int) -> list[str]:
    """Give some due times, in UTC."""
    found, at = [], start
    for _ in range(count):
        at = schedule.next_after(at, at)
        found.append(datetime.fromtimestamp(at / 1000, UTC).strftime("%d %H:%M"))
    return found


SUMMER, WINTER = ms(2026, 3, 28, 12, 0), ms(2026, 10, 24, 12, 0)  # the clocks of Rome change on the next day, 01:00 UTC


@pytest.mark.parametrize(
    ("expression", "zone", "start", "expected"),
    [
        ("0 7 * * *", "Europe/Rome", SUMMER, ["29 05:00", "30 05:00"]),
        ("0 7 * * *", "Europe/Rome", WINTER, ["25 06:00", "26 06:00"]),
        ("30 2 * * *", "Europe/Rome", SUMMER, ["29 01:00", "30 00:30"]),  # skipped: their next minute, 03:00
        ("30 2 * * *", "Europe/Rome", WINTER, ["25 00:30", "26 01:30"]),  # shown twice: the first time
        ("30 2 * * *", "Europe/Rome", ms(2026, 10, 25, 0, 45), ["26 01:30"]),
        ("30 2 * * *", "Europe/Rome", ms(2026, 10, 25, 1, 10), ["26 01:30"]),  # it was due, and is not again
        ("30 * * * *", "Europe/Rome", ms(2026, 3, 29, 0, 0), ["29 00:30", "29 01:30", "29 02:30"]),
        ("30 * * * *", "Europe/Rome", ms(2026, 10, 25, 0, 0), ["25 00:30", "25 01:30", "25 02:30"]),
        ("*/30 2 * * *", "Europe/Rome", SUMMER, ["30 00:00", "30 00:30"]),
        ("0 0 * * *", "Africa/Cairo", ms(2026, 4, 23, 12, 0), ["23 22:00", "24 21:00"]),  # no midnight: 01:00
        ("0 7 * * *", "UTC", SUMMER, ["29 07:00", "30 07:00"]),
        ("0 9 * * MON-FRI", "UTC", ms(2026, 1, 2, 12, 0), ["05 09:00", "06 09:00"]),
        ("15 30 6 * * *", "UTC", SUMMER, ["29 06:30", "30 06:30"]),  # with seconds
        ("0 0 L * *", "UTC", ms(2026, 1, 2, 12, 0), ["31 00:00", "28 00:00"]),
    ],
)
def test_cron_follows_the_clocks_of_its_zone(expression: str, zone: str, start: int, expected: list[str]) -> None:
    assert following(cron(expression, zone), start, len(expected)) == expected


@pytest.mark.parametrize(
    "zone", ["Europe/Rome", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "Asia/Gaza"]
)
@pytest.mark.parametrize("expression", ["*/20 * * * *", "30 2 * * *", "0 0 * * *", "59 1,2,3 * * *", "0 */5 * * *"])
def test_due_times_only_grow_and_agree_whichever_way_they_are_asked_for(zone: str, expression: str) -> None:
    schedule, at = cron(expression, zone), ms(2026, 1, 1, 0, 0)
    times = [at := schedule.next_after(at, at) for _ in range(12 * 40)]
    times += [at := schedule.next_after(at, at) for _ in range(400 if expression[:2] != "*/" else 0)]

    assert all(one < other for one, other in pairwise(times))
    assert schedule.between(times[0], times[-1], len(times)) == times
    assert schedule.between(times[0], times[-1], 7) == times[-7:]
    assert schedule.between(times[0], times[-1] - 1, 1) == [times[-2]]


def test_a_year_of_missed_minutes_is_looked_through_in_no_time() -> None:
    schedule, start = cron("* * * * *", "Europe/Rome"), ms(2026, 1, 1, 0, 0)

    times = schedule.between(start, start + 365 * DAY_MS, 1000)

    assert times == [*range(start + 365 * DAY_MS - 999 * 60_000, start + 365 * DAY_MS + 1, 60_000)]


@pytest.mark.parametrize("seconds", [0.1, 0.2, 1 / 3, 7, 86_400])
def test_every_keeps_its_beat(seconds: float) -> None:
    schedule, start = every(seconds), ms(2026, 1, 1, 0, 0)
    times = schedule.between(start, start + 100 * schedule.period_ms, 1000)

    assert len(times) == 101
    assert schedule.next_after(start, start + 10 * schedule.period_ms + 1) == times[11]
    assert schedule.next_after(start, times[50]) == times[51]
    assert schedule.before(times[51]) == times[50]


FIELDS = [
    "*",
    "*",
    "*",
    "*",
    "0",
    "7",
    "12",
    "*/5",
    "*/0",
    "1-5",
    "5-1",
    "1,2",
    "MON",
    "MON-FRI",
    "JAN",
    "5L",
    "MON#2",
    "MON#6",
    "#2",
    "L",
    "LW",
    "L-1",
    "L/2",
    "LW/2",
    "1-L",
    "60",
    "-1",
    "1/2/3",
    ",",
    "?",
    "٣",
    "1L#",
    "*L",
]


def test_no_expression_raises_anything_but_a_value_error_that_says_what_to_write() -> None:
    chance, now, outcomes = random.Random(5), ms(2026, 1, 1, 0, 0), Counter[bool]()
    for _ in range(5_000):
        expression = " ".join(chance.choices(FIELDS, weights=[20] * 8 + [1] * (len(FIELDS) - 8), k=5))
        made, message = made_or_refused(expression)
        assert made is None or made.before(made.next_after(now, now)) <= now < made.next_after(now, now)
        assert made or "write `minute hour day month weekday`" in message
        outcomes[made is None] += 1
    assert min(outcomes.values()) > 500


def made_or_refused(expression: str) -> tuple[Schedule | None, str]:
    try:
        return cron(expression, "UTC"), ""
    except ValueError as error:
        return None, str(error)


def test_one_time_is_in_each_zone_at_its_own_hour() -> None:
    for zone in ("Asia/Tokyo", "America/Lima", "Asia/Kathmandu"):
        due_at = cron("0 7 * * *", zone).next_after(0, SUMMER)

        shown = datetime.fromtimestamp(due_at / 1000, ZoneInfo(zone))
        assert (shown.hour, shown.minute) == (7, 0)
        assert timedelta(0) < shown - datetime.fromtimestamp(SUMMER / 1000, UTC) <= timedelta(days=1)
