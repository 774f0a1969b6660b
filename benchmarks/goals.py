"""What a figure must be, and how it is told; for every benchmark with goals."""

import argparse
import platform
import sys
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from benchmarks.http_tables.figures import Table


class Goal(NamedTuple):
    """A bound of one figure of one table."""

    table: str
    peer: str
    column: str
    bound: float
    is_least: bool = False

    def missed(self, value: float) -> bool:
        """Tell whether a figure is on the wrong side."""
        return value < self.bound if self.is_least else value > self.bound

    def __str__(self) -> str:
        return f"{self.table}: {self.peer}, {self.column} {'>=' if self.is_least else '<='} {self.bound:g}"


def judged(found: Mapping[str, Table], goals: Iterable[Goal]) -> int:
    """Compare with the goals, and name those that are missed or were not measured."""
    missed = 0
    for goal in goals:
        value = found[goal.table].outcome.get((goal.peer, goal.column)) if goal.table in found else None
        if value is None:
            say(f"not measured: {goal}")
        elif goal.missed(value):
            missed += 1
            say(f"missed: {goal}, it is {value:.3g}")
    say(f"{missed} goals are missed")
    return int(missed > 0)


def among(names: Collection[str]) -> Callable[[str], list[str]]:
    """Make a reader of lists by comma."""

    def chosen(text: str) -> list[str]:
        asked = text.split(",")
        if unknown := [one for one in asked if one not in names]:
            raise argparse.ArgumentTypeError(f"{unknown} is not there: use some of {', '.join(names)}")
        return [one for one in names if one in asked]

    return chosen


def processor() -> str:
    """Name the processor, as far as the system tells."""
    with suppress(OSError):
        models = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
        return models[0].partition(":")[2].strip() if models else platform.machine()
    return platform.machine()


def say(text: str) -> None:
    """Tell how it goes."""
    print(text, file=sys.stderr, flush=True)
