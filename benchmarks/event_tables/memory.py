"""In memory: what publish to handled costs, what an answer costs, and what a burst does to everything else."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from benchmarks.event_tables.booted import Placed, bus
from benchmarks.http_tables.figures import Figures, Table

PUBLISHED, ASKED, BURST = 100_000, 10_000, 100_000
PAYLOAD = Placed(1, "Ana")

Rate = Callable[[], Awaitable[float]]


async def ours() -> float:
    """Publish one after the other; answers with events per second, until the last one is handled."""
    count = Count()
    async with bus(lambda made: made.subscribe("order.placed", count.handle)) as made:
        began = time.perf_counter()
        for _ in range(PUBLISHED):
            await made.publish("order.placed", PAYLOAD)
        await count.reached(PUBLISHED)
        return PUBLISHED / (time.perf_counter() - began)


async def one_task() -> float:
    """A task for each delivery: no order, no bound, no copy, and an error that nobody hears."""
    count, tasks = Count(), set[asyncio.Task[None]]()
    began = time.perf_counter()
    for number in range(PUBLISHED):
        task = asyncio.create_task(count.handle(PAYLOAD))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        if number % 256 == 0:
            await asyncio.sleep(0)
    await count.reached(PUBLISHED)
    return PUBLISHED / (time.perf_counter() - began)


async def plain_await() -> float:
    """The handler is called by the publisher: no bus at all."""
    count = Count()
    began = time.perf_counter()
    for _ in range(PUBLISHED):
        await count.handle(PAYLOAD)
    return PUBLISHED / (time.perf_counter() - began)


PEERS: dict[str, tuple[str, Rate]] = {
    "ours": ("ours: bounded, in order, a copy each, retries, dead letters, traces", ours),
    "one_task": ("one task per delivery", one_task),
    "plain_await": ("plain await", plain_await),
}


async def rates(rounds: int) -> Table:
    """Measure publish to handled beside the peers."""
    figures = Figures()
    for number in range(rounds):
        for name, (_, rate) in list(PEERS.items())[:: 1 if number % 2 == 0 else -1]:
            figures.add(name, "rate", await rate())
    lines = [[title, f"{figures.median(name, 'rate'):,.0f}", f"{figures.ratio_to(name, 'ours', 'rate'):.2f}"]
             for name, (title, _) in PEERS.items()]  # fmt: skip
    return Table("In memory", f"{PUBLISHED:,} events to one handler that counts; events per second.",
                 ["", "published and handled/s", "x ours"], lines,
                 {(name, "rate"): figures.median(name, "rate") for name in PEERS})  # fmt: skip


async def answers(rounds: int) -> Table:
    """Measure request to answer, one after the other."""
    found: list[float] = []

    async def echo(payload: Placed) -> Placed:
        return payload

    async with bus(lambda made: made.reply("order.price", echo)) as made:
        for _ in range(ASKED * rounds // 3):
            began = time.perf_counter()
            await made.request("order.price", PAYLOAD)
            found.append(time.perf_counter() - began)
    middle, high = median(found) * 1e6, quantiles(found, n=100)[98] * 1e6
    return Table("Request and reply", f"{len(found):,} requests, one after the other, in one process; microseconds.",
                 ["", "median", "p99"], [["ours", f"{middle:.1f}", f"{high:.1f}"]],
                 {("ours", "median"): middle, ("ours", "p99"): high})  # fmt: skip


async def burst() -> Table:
    """Publish in a loop to a handler that waits; look at the event loop and at the memory meanwhile."""
    count, stalls, before = Count(), list[float](), resident_mib()

    async def handle(payload: Any) -> None:
        await asyncio.sleep(0)
        await count.handle(payload)

    async def watch() -> None:
        last = time.perf_counter()
        while True:
            await asyncio.sleep(0.001)
            stalls.append((now := time.perf_counter()) - last - 0.001)
            last = now

    async with bus(lambda made: made.subscribe("order.placed", handle)) as made:
        watcher = asyncio.create_task(watch())
        for _ in range(BURST):
            await made.publish("order.placed", PAYLOAD)
        await count.reached(BURST)
        watcher.cancel()
        grown = resident_mib() - before
    longest = max(stalls) * 1e3
    about = f"{BURST:,} events published in a loop, to a handler that waits; until the last one is handled."
    return Table("A burst", about, ["", "longest stall of the event loop, ms", "memory grown by, MiB"],
                 [["ours", f"{longest:.1f}", f"{grown:.1f}"]],
                 {("ours", "stall"): longest, ("ours", "grown"): grown})  # fmt: skip


class Count:
    """A handler that counts, and says when it has counted enough."""

    def __init__(self) -> None:
        self.seen = 0

    async def handle(self, payload: Placed) -> None:
        """Count one."""
        self.seen += 1

    async def reached(self, count: int) -> None:
        """Wait for that many."""
        while self.seen < count:  # noqa: ASYNC110 (an event would cost the handler)
            await asyncio.sleep(0)


def resident_mib() -> float:
    """Read how much memory this process has, as Linux tells; 0 elsewhere."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
