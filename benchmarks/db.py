"""What a statement costs: this project's `db` beside aiosqlite, `databases`, sqlite3 and asyncpg, as Markdown.

    .venv/bin/python benchmarks/db.py [--quick] [--check] [--tables reads,writes,beside] [--peers ours,one_hop,...]
        [--rounds 15]

Every peer is measured in the same run, in interleaved rounds; figures are medians, and a ratio is the median of the
ratios to the base in the same round. A peer that is missing is named.
"""

import argparse
import asyncio
import os
import platform
import sqlite3
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

sys.path[0] = str(Path(__file__).parents[1])  # in place of this script's folder, where `http` is not Python's own

from benchmarks.db_tables import beside, calls  # noqa: E402
from benchmarks.db_tables.peers import BASES, PEERS  # noqa: E402
from benchmarks.goals import Goal, among, judged, processor, say  # noqa: E402
from benchmarks.http_tables.child import pin  # noqa: E402
from benchmarks.http_tables.figures import Table  # noqa: E402
from benchmarks.http_tables.peers import found_version  # noqa: E402

CPU = 0
TABLES = ("reads", "writes", "beside", "postgresql_reads", "postgresql_writes")


class Size(NamedTuple):
    """How much is measured."""

    rounds: int
    run_s: float


FULL, QUICK = Size(rounds=15, run_s=1.0), Size(3, 0.2)
GOALS = (
    *(Goal("reads", "ours", f"{kind} {at_once}", 1.3) for kind in ("one", "many") for at_once in (1, calls.AT_ONCE)),
    Goal("writes", "ours", f"insert {calls.AT_ONCE} rate", 8.0, True),
    Goal("writes", "ours", "insert 1", 1.5),
    *(Goal("postgresql_reads", "ours_postgres", f"one {at_once}", 1.3) for at_once in (1, calls.AT_ONCE)),
    *(Goal("beside", "ours", f"{scene} p99", 25.0) for scene in beside.SCENES[1:]),
)


def main() -> int:
    """Parse the arguments, measure, print; 1 if a goal is missed that was asked for."""
    arguments = parsed()
    size = QUICK if arguments.quick else FULL
    size = size._replace(rounds=arguments.rounds or size.rounds)
    peers = present(arguments.peers or list(PEERS))
    print(environment(peers), end="\n\n")
    found = dict[str, Table]()
    for name in arguments.tables:
        say(f"{name} ...")
        found[name] = asyncio.run(measured(name, peers, size))
        print(found[name].markdown(), flush=True)
    if arguments.check and arguments.quick:
        say("--quick measures too little to judge by: look at the goals that are far off")
    return judged(found, GOALS) if arguments.check else 0


def parsed() -> argparse.Namespace:
    """Read the arguments; every list must name what there is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", type=among(TABLES), default=list(TABLES), help=", ".join(TABLES))
    parser.add_argument("--peers", type=among(PEERS), help=", ".join(PEERS))
    parser.add_argument("--rounds", type=int, help=f"instead of {FULL.rounds}")
    parser.add_argument("--quick", action="store_true", help="less of all: to see that it works")
    parser.add_argument("--check", action="store_true", help="exit with 1 where a goal is missed")
    return parser.parse_args()


def present(asked: Sequence[str]) -> list[str]:
    """Answer with those who can be measured, the bases among them; say who is missing."""
    names = [name for name in PEERS if name in asked or name in BASES.values()]
    for name in names:
        if missing := missing_of(name):
            print(f"{PEERS[name].title} is missing: install {', '.join(missing)}\n")
    return [name for name in names if not missing_of(name)]


def missing_of(peer: str) -> list[str]:
    """List the distributions that are not installed."""
    return [name for name in PEERS[peer].distributions if found_version(name) is None]


def environment(peers: Sequence[str]) -> str:
    """Name the machine and the versions."""
    cores = f"Python {platform.python_version()}, {os.cpu_count()} cores, {processor()}"
    names = dict.fromkeys(one for peer in peers for one in PEERS[peer].distributions)
    versions = [f"SQLite {sqlite3.sqlite_version}", *(f"{name} {found_version(name)}" for name in names)]
    return f"{cores}; {', '.join(versions)}"


async def measured(name: str, peers: Sequence[str], size: Size) -> Table:
    """Measure one table; those of calls on one processor, threads and all."""
    if name == "beside":
        return await beside.measure(
            [peer for peer in beside.OPEN if peer in peers], max(1, size.rounds // 3), size.run_s
        )
    engine = "postgresql" if name.startswith("postgresql") else "sqlite"
    peers = [peer for peer in peers if PEERS[peer].engine == engine]
    allowed = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
    pin(0, CPU)
    try:
        return await calls.measure(peers, ("insert",) if name.endswith("writes") else ("one", "many"), size.rounds)
    finally:
        if allowed:
            os.sched_setaffinity(0, allowed)


if __name__ == "__main__":
    sys.exit(main())
