"""What an event costs: in memory, as an answer, in a burst, and in the database's log, as Markdown.

    .venv/bin/python benchmarks/events.py [--quick] [--check] [--tables memory,answers,burst,log] [--rounds 5]

Peers are measured in the same run; figures are medians of interleaved rounds.
"""

import argparse
import os
import platform
import sqlite3
import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).parents[1])  # in place of this script's folder, where `http` is not Python's own

import uvloop  # noqa: E402

from benchmarks.event_tables import log, memory  # noqa: E402
from benchmarks.goals import Goal, among, judged, processor, say  # noqa: E402
from benchmarks.http_tables.figures import Table  # noqa: E402

TABLES = ("memory", "answers", "burst", "log")
ROUNDS, EVENTS, QUICK_EVENTS = 5, 32_000, 3_200
GOALS = (
    Goal("memory", "ours", "rate", 200_000, True),
    Goal("answers", "ours", "median", 15.0),
    Goal("burst", "ours", "stall", 50.0),
    Goal("burst", "ours", "grown", 64.0),
    Goal("log", "sqlite", "handled", 10_000, True),
)


def main() -> int:
    """Parse the arguments, measure, print; 1 if a goal is missed that was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", type=among(TABLES), default=list(TABLES), help=", ".join(TABLES))
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--quick", action="store_true", help="less of all: to see that it works")
    parser.add_argument("--check", action="store_true", help="exit with 1 where a goal is missed")
    arguments = parser.parse_args()
    rounds, events = (1, QUICK_EVENTS) if arguments.quick else (arguments.rounds, EVENTS)
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {processor()}; SQLite {sqlite3.sqlite_version},"
          f" uvloop {uvloop.__version__}\n")  # fmt: skip
    found = dict[str, Table]()
    for name in arguments.tables:
        say(f"{name} ...")
        measures = {"memory": lambda: memory.rates(rounds), "answers": lambda: memory.answers(rounds),
                    "burst": memory.burst, "log": lambda: log.measure(rounds, events)}  # fmt: skip
        found[name] = uvloop.run(measures[name]())
        print(found[name].markdown(), flush=True)
    return judged(found, GOALS) if arguments.check else 0


if __name__ == "__main__":
    sys.exit(main())
