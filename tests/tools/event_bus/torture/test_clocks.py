"""R20: the wall clock jumps an hour back or a day ahead: leases, time-outs and backoffs do not notice; delays do.

The children's `time.time` is put forward or back by what a file says.
"""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tools.event_bus.torture.children import Child
from tests.tools.event_bus.torture.roles import Order, in_jumping_time
from tests.tools.event_bus.torture.stage import opened_db

pytestmark = [pytest.mark.slow, pytest.mark.timeout(60)]
Start = Callable[..., Child]
JUMPS = pytest.mark.parametrize("jump_s", [-3_600, 86_400], ids=["an hour back", "a day ahead"])
LEASE_S = 1.0


def lasted_s(child: Child, first: int, last: int, word: str = "begun") -> float:
    times = [float(line[-1]) for line in child.of(word)]
    return times[last] - times[first]


def jump(tmp_path: Path, seconds: float) -> None:
    (tmp_path / "jump").write_text(str(seconds))


@JUMPS
def test_time_outs_and_backoffs_do_not_notice(start: Start, sqlite_url: str, tmp_path: Path, jump_s: float) -> None:
    child = start(in_jumping_time, sqlite_url, str(tmp_path / "jump"), "hang")
    child.wait_for("begun")

    jump(tmp_path, jump_s)
    child.wait_for("begun", 3)
    child.wait_for("dead")

    assert 0.5 <= lasted_s(child, 0, 1) < 1.5  # its time-out of 0.5 s, and a backoff of up to 0.4 s
    assert 0.5 <= lasted_s(child, 1, 2) < 2


@JUMPS
def test_nobody_is_dead_and_nothing_is_handled_twice(
    start: Start, sqlite_url: str, tmp_path: Path, jump_s: float
) -> None:
    children = [start(in_jumping_time, sqlite_url, str(tmp_path / "jump"), "flow") for _ in range(2)]
    for child in children:
        child.wait_for("published", 20)

    jump(tmp_path, jump_s)
    for child in children:
        child.wait_for("published", 300)
        child.wait_for("settled")
    begun = [line[1] for child in children for line in child.of("begun")]

    assert len(begun) == len(set(begun)) == 2 * 300
    assert [line for child in children for line in child.of("renamed")] == []


def test_a_delay_ends_when_the_clock_says_so_ahead(start: Start, sqlite_url: str, tmp_path: Path) -> None:
    child = start(in_jumping_time, sqlite_url, str(tmp_path / "jump"), "delay", 3_000)
    child.wait_for("published")

    jump(tmp_path, 86_400)
    jumped_at = time.monotonic()
    child.wait_for("begun")

    assert float(child.of("begun")[0][-1]) - jumped_at < 2


def test_a_delay_waits_for_the_clock_that_went_back_and_delays_nothing_else(
    start: Start, sqlite_url: str, tmp_path: Path
) -> None:
    child = start(in_jumping_time, sqlite_url, str(tmp_path / "jump"), "delay", 1)
    child.wait_for("published")

    jump(tmp_path, -3_600)
    child.wait_for("begun")
    early = [line[1] for line in child.of("begun")]
    jump(tmp_path, 0)
    child.wait_for("begun", 2)

    assert early == ["1"]  # published after the other one was due
    assert int(child.of("polls")[-1][1]) < 40  # statements in a second: no storm


async def test_what_a_process_of_a_day_ago_had_claimed_comes_back(
    start: Start, sqlite_url: str, tmp_path: Path
) -> None:
    """The clock was a day ahead, and is right again after the restart: neither lease nor order depends on it."""
    jump(tmp_path, 86_400)
    child = start(in_jumping_time, sqlite_url, str(tmp_path / "jump"), "hang")
    child.wait_for("begun")
    child.kill()
    db = await opened_db(sqlite_url)
    await db.execute("UPDATE _event_workers SET host = 'of another machine'")
    await db.on_shutdown()

    jump(tmp_path, 0)
    began_s = time.monotonic()
    second = start(in_jumping_time, sqlite_url, str(tmp_path / "jump"), "take over")
    second.wait_for("begun")

    assert [line[1] for line in second.of("begun")] == [str(Order(0).n)]
    assert time.monotonic() - began_s < LEASE_S + 3
