"""Four processes share one log, one of them is killed every second: each event is done, in order.

test: 10,000 events --> log <-- child, child, child, child     SIGKILL one, start another, every second
"""

import asyncio
import itertools
import random
import time
from collections import defaultdict
from collections.abc import Callable
from typing import NamedTuple

import pytest

from tests.tools.event_bus.torture.children import Child
from tests.tools.event_bus.torture.roles import Order, carry
from tests.tools.event_bus.torture.stage import Stage, settled, standing

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
Start = Callable[..., Child]
WORKERS, EVENTS, KEYS, AT_ONCE = 4, 10_000, 50, 100
BETWEEN_KILLS_S = 1.0


class Run(NamedTuple):
    """One time that an event was handled; without an end, its process was killed meanwhile."""

    begun_s: float
    number: int
    child: Child
    done_s: float | None


def lane_of(number: int) -> str:
    """Give the key: every fifth has none."""
    return f"k{number % KEYS}" if number % 5 else ""


def runs(lives: list[Child]) -> dict[str, list[Run]]:
    """Give the runs of each lane, in the order of their beginnings."""
    found = defaultdict[str, list[Run]](list)
    for child in lives:
        done = {int(line[1]): float(line[-1]) for line in child.of("done")}
        for line in child.of("begun"):
            number = int(line[1])
            found[lane_of(number)].append(Run(float(line[-1]), number, child, done.get(number)))
    return {lane: sorted(of_lane, key=lambda run: run.begun_s) for lane, of_lane in found.items()}


def check_lane(of_lane: list[Run]) -> int:
    """One at a time and in order; what comes again is what its process was killed at. Give how often that was."""
    repeated = 0
    for before, run in itertools.pairwise(of_lane):
        is_over = before.done_s is not None and before.done_s <= run.begun_s
        assert is_over or before.child.killed_at <= run.begun_s, f"{run} began before the end of {before}"
        assert run.number >= before.number, f"{run} came after {before}"
        if run.number == before.number:
            assert before.child.killed_at <= run.begun_s, f"{before} lived, and {run} did it again"
            repeated += 1
    return repeated


async def publish(stage: Stage) -> None:
    for first in range(0, EVENTS, AT_ONCE):
        async with stage.db.transaction():
            for number in range(first, first + AT_ONCE):
                await stage.bus.publish("order.placed", Order(number), key=lane_of(number))
        await asyncio.sleep(0.05)


async def test_10_000_events_are_done_in_order_by_four_processes_that_are_killed(start: Start, url: str) -> None:
    began_s, chance = time.monotonic(), random.Random(22)
    lives = [start(carry, url) for _ in range(WORKERS)]
    for child in lives:
        child.wait_for("ready")
    kills = 0
    async with standing(url) as stage:
        publishing = asyncio.create_task(publish(stage))
        while not publishing.done() or await stage.bus.pending():
            await asyncio.sleep(BETWEEN_KILLS_S)
            victim = chance.choice([child for child in lives if child.killed_at == float("inf")])
            await asyncio.to_thread(victim.kill)
            lives.append(start(carry, url))
            kills += 1
        await publishing
        await settled(stage)
        states = await stage.db.query("SELECT state, count(*) AS c FROM _event_deliveries GROUP BY state")
        letters = await stage.bus.dead_letters()
    for child in lives:
        if child.process.is_alive():
            child.kill()

    by_lane = runs(lives)
    repeated = sum(check_lane(of_lane) for of_lane in by_lane.values())
    assert {run.number for of_lane in by_lane.values() for run in of_lane} == set(range(EVENTS))
    assert (letters, [tuple(row.values()) for row in states]) == ([], [("done", EVENTS)])
    assert kills >= 4
    print(f"{kills} kills, {EVENTS} events, {repeated} repeated, {time.monotonic() - began_s:.1f} s")
