"""Whether others delay a quick SELECT: one who writes, and one who reads slowly."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from statistics import quantiles
from time import perf_counter
from typing import Any

from benchmarks.db_tables.peers import PEERS, booted, calls_of, connected, fill
from benchmarks.db_tables.scenario import INSERT, SELECT_ONE, key, values
from benchmarks.http_tables.figures import Figures, Table, interleaved

SLOW_STEPS, SLOW_AT_ONCE, PAUSE_S = 300_000, 2, 0.001
SLOW = f"WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT {SLOW_STEPS}) SELECT max(x) AS n FROM c"
SCENES = ("alone", "lock held", "written to", "slow ones")
ABOUT = (
    "A quick SELECT of one row every millisecond, in milliseconds: alone, while a transaction holds the write lock, "
    "while transactions write all the time, and beside slow SELECTs ({at_once} at once, each {slow_ms:,.0f} ms when "
    "alone). Medians of {rounds} rounds, not pinned to a processor."
)
Scene = Callable[[], Awaitable[None]]


class Beside:
    """A quick SELECT of one peer, and what may go on beside it."""

    def __init__(self, quick: Callable[[int], Awaitable[Any]], **scenes: Scene) -> None:
        self.quick, self.scenes = quick, scenes

    async def quick_ms(self, scene: str, run_s: float) -> list[float]:
        """Time quick ones while a scene is played."""
        others = [asyncio.create_task(self._play(scene)) for _ in range(SLOW_AT_ONCE if scene == "slow ones" else 1)]
        await asyncio.sleep(PAUSE_S)
        found, end = [], perf_counter() + run_s
        while perf_counter() < end or len(found) < 2:
            started = perf_counter()
            await self.quick(len(found))
            found.append((perf_counter() - started) * 1e3)
            await asyncio.sleep(PAUSE_S)
        for other in others:
            other.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        return found

    async def _play(self, scene: str) -> None:
        while scene in self.scenes:
            await self.scenes[scene]()


@asynccontextmanager
async def ours(folder: Path) -> AsyncIterator[Beside]:
    """This project's `db`."""
    fill(folder)
    async with booted(f"sqlite:///{folder}/app.db") as db:
        yield our_scenes(db)


def our_scenes(db: Any) -> Beside:
    """Play the scenes on this project's `db`; the same on every engine, but for what is slow."""

    async def hold() -> None:
        async with db.transaction():
            await db.execute(INSERT, values(1))
            await asyncio.sleep(60)

    async def write() -> None:
        async with db.transaction():
            for number in range(10):
                await db.execute(INSERT, values(number))

    async def slow() -> None:
        await db.query_one(SLOW)

    return Beside(
        lambda number: db.query_one(SELECT_ONE, (key(number),)),
        **{"lock held": hold, "written to": write, "slow ones": slow},
    )


@asynccontextmanager
async def one_hop(folder: Path) -> AsyncIterator[Beside]:
    """One connection of aiosqlite: no transaction, since others would be in it."""
    import aiosqlite

    fill(folder)
    async with aiosqlite.Connection(lambda: connected(folder), 64) as held:
        hop: Any = held._execute
        calls = calls_of(held._conn)

        async def write() -> None:
            await hop(calls.insert, 1)

        async def slow() -> None:
            await hop(lambda: held._conn.execute(SLOW).fetchone())

        yield Beside(lambda number: hop(calls.one, number), **{"written to": write, "slow ones": slow})


OPEN = {"one_hop": one_hop, "ours": ours}


async def measure(peers: Sequence[str], rounds: int, run_s: float) -> Table:
    """Measure in turn."""
    figures = Figures()
    async with AsyncExitStack() as stack:
        found = dict[str, Beside]()
        for peer in peers:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="benchmark-")))
            found[peer] = await stack.enter_async_context(OPEN[peer](folder))
        for scene, peer in interleaved(rounds, peers, SCENES):
            if scene == "alone" or scene in found[peer].scenes:
                parts = quantiles(await found[peer].quick_ms(scene, run_s), n=100)
                figures.add(peer, f"{scene} p50", parts[49])
                figures.add(peer, f"{scene} p99", parts[98])
        started = perf_counter()
        await found[peers[0]].scenes["slow ones"]()
        slow_ms = (perf_counter() - started) * 1e3
    return table(peers, figures, ABOUT.format(at_once=SLOW_AT_ONCE, slow_ms=slow_ms, rounds=rounds))


def table(peers: Sequence[str], figures: Figures, about: str) -> Table:
    """Make the table."""
    columns = [f"{scene} {part}" for scene in SCENES for part in ("p50", "p99")]
    outcome = {
        (peer, column): figures.median(peer, column)
        for peer in peers
        for column in columns
        if figures.has(peer, column)
    }
    lines = [
        [
            PEERS[peer].title,
            *(f"{outcome[peer, one]:.2f}" if (peer, one) in outcome else "-" for one in columns),
        ]
        for peer in peers
    ]
    return Table("A quick SELECT beside others", about, ["", *(f"{one}, ms" for one in columns)], lines, outcome)
