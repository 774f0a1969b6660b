"""What a call takes: reads and durable writes, one at a time and many at once."""

import os
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from time import perf_counter

from benchmarks.db_tables.peers import BASES, PEERS
from benchmarks.db_tables.scenario import Calls, check, cost_us, fitting
from benchmarks.http_tables.figures import Figures, Table, interleaved

AT_ONCE, GROWN = 32, 1_200
"""How many run at once; how many writes come before any is timed: to let SQLite's log grow takes longer."""
NO_QUEUE = {("sqlite3", AT_ONCE), ("plain", AT_ONCE)}
"""A loop in a thread has no others; plain `databases` opens the file 32 times, and SQLite says that it is locked."""
TITLES = {"one": "SELECT one row", "many": "SELECT 20 rows into Structs", "insert": "INSERT, autocommit, FULL"}


@asynccontextmanager
async def opened(peers: Sequence[str]) -> AsyncIterator[dict[str, Calls]]:
    """Open all peers, each in a folder of its own, and check their answers."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="benchmark-")))
        found = dict[str, Calls]()
        for peer in peers:
            (folder / peer).mkdir()
            found[peer] = await stack.enter_async_context(PEERS[peer].open(folder / peer))
            await check(PEERS[peer].title, found[peer])
        yield found


async def measure(peers: Sequence[str], kinds: Sequence[str], rounds: int) -> Table:
    """Measure the peers of one engine in turn, on one processor."""
    figures, sizes = Figures(), dict[tuple[str, str, int], int]()
    columns = [f"{kind} {at_once}" for kind in kinds for at_once in (1, AT_ONCE)]
    async with opened(peers) as calls:
        if "insert" in kinds:
            for one in calls.values():
                await cost_us(one, "insert", GROWN, 1)
        for column, peer in interleaved(rounds, peers, columns):
            kind, at_once = column.split()[0], int(column.split()[1])
            if (peer, at_once) in NO_QUEUE:
                continue
            one = peer, kind, at_once
            if one not in sizes:
                sizes[one] = await fitting(calls[peer], kind, at_once)
            took_us, took_cpu_us = await cost_us(calls[peer], kind, sizes[one], at_once)
            figures.add(peer, column, took_us)
            figures.add(peer, f"{column} cpu", took_cpu_us)
    return table(peers, kinds, figures, rounds)


def table(peers: Sequence[str], kinds: Sequence[str], figures: Figures, rounds: int) -> Table:
    """Make a table: time, its ratio to the base's, and that of the processor time."""
    base = BASES[PEERS[peers[0]].engine]
    head, lines = [""], [[PEERS[peer].title] for peer in peers]
    outcome = dict[tuple[str, str], float]()
    for column in [f"{kind} {at_once}" for kind in kinds for at_once in (1, AT_ONCE)]:
        head += [f"{TITLES[column.split()[0]]}, {column.split()[1]} at once, us", "ratio", "processor"]
        for peer, line in zip(peers, lines, strict=True):
            if (peer, int(column.split()[1])) in NO_QUEUE:
                line += ["-"] * 3
                continue
            ratio = figures.ratio_to(peer, base, column)
            outcome[peer, column] = ratio
            outcome[peer, f"{column} rate"] = 1 / ratio
            processor = figures.ratio_to(peer, base, f"{column} cpu")
            line += [f"{figures.median(peer, column):,.1f}", f"{ratio:.2f}", f"{processor:.2f}"]
    is_write = "insert" in kinds
    about = (
        f"Microseconds a call; ratios to {PEERS[base].title} in the same round; medians of {rounds} rounds on one "
        "processor; 32 at once are tasks with one call each at a time."
    )
    about += f" An fdatasync here takes {fdatasync_us():.0f} us." if is_write else ""
    return Table("Durable writes" if is_write else "Reads", about, head, lines, outcome)


def fdatasync_us() -> float:
    """Time what makes a write durable."""
    with tempfile.TemporaryFile(prefix="benchmark-") as file:
        descriptor, count = file.fileno(), 50
        started = perf_counter()
        for _ in range(count):
            os.pwrite(descriptor, b"x" * 4096, 4096)
            getattr(os, "fdatasync", os.fsync)(descriptor)
        return (perf_counter() - started) / count * 1e6
