"""A guard against a slip of a request's path: what it costs, compared with a hand-written ASGI callable."""

import pytest

from benchmarks.http_tables.figures import Table
from benchmarks.http_tables.in_process import measure

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]
# Generous, so that no busy machine breaks it: `benchmarks/http.py` measures what the figures are, and has the goals.
MOST = {"ping": 6.0, "item": 5.0}


@pytest.fixture(scope="module")
def table() -> Table:
    """Measure three rounds, each part in a process of its own."""
    return measure(["handwritten", "ours"], [*MOST], 3)


@pytest.mark.parametrize("endpoint", MOST)
def test_a_request_costs_at_most_so_many_times_a_hand_written_callable(table: Table, endpoint: str) -> None:
    """Compare processor times of the same run, so that the machine's speed is not in it."""
    assert table.outcome["ours", endpoint] < MOST[endpoint]


def test_the_hand_written_callable_costs_what_it_costs(table: Table) -> None:
    """Measured against itself it is 1: else the machine is too uneven for the other figures to say anything."""
    assert 0.5 < table.outcome["handwritten", "ping"] < 2
