"""What a request costs: this project's `http` beside a hand-written ASGI callable and other frameworks, as Markdown.

    .venv/bin/python benchmarks/http.py [--quick] [--check] [--tables in-process,routes,http,boot,threads]
        [--peers ours,whole,starlette,...] [--only ping,item,...] [--rounds 7]

Every peer is measured in the same run, in interleaved rounds; figures are medians, and a ratio is the median of the
ratios to the hand-written callable in the same round. Needs the extra `bench`; a peer that is missing is named.
"""

import argparse
import os
import platform
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

sys.path[0] = str(Path(__file__).parents[1])  # in place of this script's folder, where `http` is not Python's own

from benchmarks.goals import Goal, among, judged, processor, say  # noqa: E402
from benchmarks.http_tables import blocking, declared, in_process, over_http, routes  # noqa: E402
from benchmarks.http_tables.figures import Table  # noqa: E402
from benchmarks.http_tables.peers import BASE, PEERS, found_version  # noqa: E402
from benchmarks.http_tables.scenario import ENDPOINTS  # noqa: E402

HTTP_ENDPOINTS = ("ping", "item", "users_post")
# not BlackSheep, which runs a `def` handler on the loop, nor Litestar, which has six threads here
THREADED = (
    "ours",
    "whole",
    "starlette",
    "fastapi",
)
SERVED, SERVER = ("http", "threads"), ("uvicorn", "uvloop", "httptools")


class Size(NamedTuple):
    """How much is measured."""

    rounds: int
    routes: int
    endpoints: int
    run_s: float


FULL, QUICK = Size(rounds=7, routes=5_000, endpoints=1_000, run_s=0.5), Size(2, 1_000, 200, 0.1)
QUICK_PEERS = [BASE, "ours", "whole", "starlette"]


OURS = ("ours", "whole")
GOALS = (
    *(Goal("in-process", peer, column, 1.5) for peer in OURS for column in HTTP_ENDPOINTS),
    *(Goal("routes", "ours", kind, 1.1) for kind in routes.KINDS),
    *(Goal("http", peer, one, 0.92, True) for peer in (*OURS, over_http.SERVED) for one in HTTP_ENDPOINTS),
    Goal("boot", "ours", "ready", 0.25),
    *(Goal("threads", peer, "p99", 100.0) for peer in OURS),
    *(Goal("threads", peer, "other", 0.0) for peer in OURS),
    *(Goal("threads", peer, "503", 1.0, True) for peer in OURS),
)


def main() -> int:
    """Parse the arguments, measure, print; 1 if a goal is missed that was asked for."""
    arguments = parsed()
    size = QUICK if arguments.quick else FULL
    size = size._replace(rounds=arguments.rounds or size.rounds)
    peers = present(arguments.peers or (QUICK_PEERS if arguments.quick else list(PEERS)))
    print(environment(peers), end="\n\n")
    found = dict[str, Table]()
    for name in arguments.tables:
        if missing := [one for one in SERVER if name in SERVED and found_version(one) is None]:
            print(f"The table {name} is missing: install {', '.join(missing)} (the extra `bench`)\n")
            continue
        say(f"{name} ...")
        found[name] = TABLES[name](peers, arguments.only, size)
        print(found[name].markdown(), flush=True)
    if arguments.check and arguments.quick:
        say("--quick measures too little to judge by: look at the goals that are far off")
    return judged(found, GOALS) if arguments.check else 0


def parsed() -> argparse.Namespace:
    """Read the arguments; every list must name what there is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", type=among(TABLES), default=list(TABLES), help=", ".join(TABLES))
    parser.add_argument("--peers", type=among(PEERS), help=f"{', '.join(PEERS)}; with --quick {', '.join(QUICK_PEERS)}")
    parser.add_argument("--only", type=among(ENDPOINTS), help=", ".join(ENDPOINTS))
    parser.add_argument("--rounds", type=int, help=f"instead of {FULL.rounds}")
    parser.add_argument("--quick", action="store_true", help="less of all, in half a minute: to see that it works")
    parser.add_argument("--check", action="store_true", help="exit with 1 where a goal is missed")
    return parser.parse_args()


def present(asked: Sequence[str]) -> list[str]:
    """Answer with those who can be measured, the hand-written callable among them; say who is missing."""
    names = [BASE, *(name for name in asked if name != BASE)]
    for name in names:
        if missing := PEERS[name].missing():
            print(f"{PEERS[name].title} is missing: install {', '.join(missing)} (the extra `bench`)\n")
    return [name for name in names if not PEERS[name].missing()]


def environment(peers: Sequence[str]) -> str:
    """Name the machine and the versions."""
    cores = f"Python {platform.python_version()}, {os.cpu_count()} cores, {processor()}"
    names = dict.fromkeys([*(one for peer in peers for one in PEERS[peer].distributions), *SERVER])
    return f"{cores}; {', '.join(f'{name} {found_version(name)}' for name in names)}"


def frameworks(peers: Sequence[str]) -> list[str]:
    """Leave out who has no boot of its own to measure."""
    return [one for one in peers if one not in (BASE, "whole")]


TABLES: dict[str, Callable[[list[str], list[str] | None, Size], Table]] = {
    "in-process": lambda peers, only, size: in_process.measure(peers, only or list(ENDPOINTS), size.rounds),
    "routes": lambda peers, only, size: routes.measure([p for p in peers if p != "whole"], size.routes, size.rounds),
    "http": lambda peers, only, size: over_http.measure(peers, only or HTTP_ENDPOINTS, size.rounds, size.run_s),
    "boot": lambda peers, only, size: declared.measure(frameworks(peers), size.endpoints, size.rounds),
    "threads": lambda peers, only, size: blocking.measure(
        [one for one in THREADED if one in peers], max(1, size.rounds // 2)
    ),
}

if __name__ == "__main__":
    try:
        sys.exit(main())
    except RuntimeError as error:  # a peer's process ended; this says why
        sys.exit(str(error))
