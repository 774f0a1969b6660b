"""How long GET /ping takes while many blocking handlers are asked for at once."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from statistics import quantiles
from time import perf_counter
from typing import Any

import uvloop

from benchmarks.http_tables.child import Child, answer_all
from benchmarks.http_tables.figures import Figures, Table, interleaved, titled
from benchmarks.http_tables.load import CONNECT_S, asked_once, head_of
from benchmarks.http_tables.over_http import LOAD_CPU, SERVER_CPU
from benchmarks.http_tables.scenario import Request, ping

BLOCKING, PAUSE_S = 100, 0.001
COLUMNS = ("idle p99", "p50", "p99", "max", "200", "503", "other", "all answered")
ABOUT = (
    "GET /ping on one connection over HTTP, in milliseconds, from when {blocking} requests to a `def` handler that "
    "sleeps 1 s are sent at once until the last of them is answered; what these get, and after how many seconds. The "
    "server is that of the table above; medians of {rounds} rounds."
)


def measure(peers: Sequence[str], rounds: int) -> Table:
    """Measure all peers in turn."""
    figures = Figures()
    with ExitStack() as stack:
        client = stack.enter_context(Child("blocking", cpu=LOAD_CPU))
        servers = {peer: stack.enter_context(Child("server", peer, "{}", cpu=SERVER_CPU)) for peer in peers}
        ports = {peer: child.answer() for peer, child in servers.items()}
        for _, peer in interleaved(rounds, peers):
            for column, value in client.ask(port=ports[peer]).items():
                figures.add(peer, column, value)
    head = ["", *(f"{one}, ms" for one in COLUMNS[:4]), *COLUMNS[4:7], "all answered, s"]
    lines = [
        [titled(peer), *(f"{figures.median(peer, one):.{2 * (one not in COLUMNS[4:7])}f}" for one in COLUMNS)]
        for peer in peers
    ]
    outcome = {(peer, column): figures.median(peer, column) for peer in peers for column in COLUMNS}
    return Table("Blocking handlers", ABOUT.format(blocking=BLOCKING, rounds=rounds), head, lines, outcome)


async def round_of(port: int) -> dict[str, float]:
    """Measure once: idle, then while the handlers block."""
    await asyncio.wait_for(asked_once(port, ping(0)), CONNECT_S)
    idle_ms = await pings_ms(port, asyncio.sleep(0.5))
    started = perf_counter()
    statuses: Counter[int] = Counter()
    busy_ms = await pings_ms(port, block(port, statuses))
    good, refused = statuses.pop(200, 0), statuses.pop(503, 0)
    return {
        "idle p99": quantiles(idle_ms, n=100)[-1],
        "p50": quantiles(busy_ms, n=100)[49],
        "p99": quantiles(busy_ms, n=100)[-1],
        "max": max(busy_ms),
        "200": good,
        "503": refused,
        "other": statuses.total(),
        "all answered": perf_counter() - started,
    }


async def block(port: int, statuses: Counter[int]) -> None:
    """Ask for all blocking handlers at once, and count how they are answered."""
    answers = await asyncio.gather(*(asked_once(port, Request("GET", "/blocked")) for _ in range(BLOCKING)))
    statuses.update(status for status, _, _ in answers)


async def pings_ms(port: int, until: Any) -> list[float]:
    """Ask for /ping again and again while something else is under way; answer with the latencies."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    other, found = asyncio.ensure_future(until), list[float]()
    try:
        while not other.done():
            started = perf_counter()
            writer.write(ping(0).wire())
            _, headers = await head_of(reader)
            await reader.readexactly(int(headers["content-length"]))
            found.append((perf_counter() - started) * 1000)
            await asyncio.wait({other}, timeout=PAUSE_S)
        await other
    finally:
        other.cancel()
        writer.close()
    return found


if __name__ == "__main__":
    uvloop.run(answer_all(round_of))
