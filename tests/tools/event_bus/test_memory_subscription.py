"""The one part of the bus in memory that its battery cannot see: how long a retry waits."""

import pytest

from tools.event_bus.memory_subscription import LONGEST_BACKOFF_S, backoff_s


@pytest.mark.parametrize(
    ("attempt", "longest_s"), [(1, 0.5), (2, 1.0), (3, 2.0), (8, LONGEST_BACKOFF_S), (9_999, 60.0)]
)
def test_the_longest_wait_doubles_up_to_a_minute(attempt: int, longest_s: float) -> None:
    assert backoff_s(0.5, attempt, 1.0) == longest_s


def test_any_part_of_the_longest_wait_may_be_waited() -> None:
    assert [backoff_s(1.0, 2, part) for part in (0.0, 0.5, 1.0)] == [0.0, 1.0, 2.0]


def test_no_backoff_is_no_wait() -> None:
    assert backoff_s(0, 7, 0.9) == 0
