"""How long it takes from the first of many declarations to the first answer, each time in a fresh process."""

import asyncio
import gc
import sys
from collections.abc import Sequence
from time import perf_counter, process_time
from typing import Any

from benchmarks.http_tables.child import Child, answer_all
from benchmarks.http_tables.driver import check, living
from benchmarks.http_tables.figures import Figures, Table, interleaved, titled
from benchmarks.http_tables.peers import PEERS
from benchmarks.http_tables.scenario import Request

ABOUT = (
    "Seconds from the first of {count:,} endpoints declared to the first answer of the last one; each is a POST with a "
    "body and an answer of its own types, which exist before, and everything is imported. Medians of {rounds} fresh "
    "processes."
)


def measure(peers: Sequence[str], count: int, rounds: int) -> Table:
    """Measure all peers in turn."""
    figures = Figures()
    for _, peer in interleaved(rounds, peers):
        with Child("declared", peer) as child:
            for column, seconds in child.ask(count=count).items():
                figures.add(peer, column, seconds)
    lines = [
        [titled(peer), *(f"{figures.median(peer, column):.3f}" for column in ("declared", "ready", "processor"))]
        for peer in peers
    ]
    outcome = {(peer, "ready"): figures.median(peer, "ready") for peer in peers}
    head = ["", "declared, s", "ready, s", "processor time, s"]
    return Table("Many endpoints", ABOUT.format(count=count, rounds=rounds), head, lines, outcome)


async def main(peer: str) -> None:
    """Measure one peer, once."""
    made = PEERS[peer].load()

    async def times_s(count: int) -> dict[str, float]:
        await first_answer(made, made.make_types(1), peer)  # whatever is imported late
        types = made.make_types(count)
        gc.collect()
        started, spent = perf_counter(), process_time()
        declared = await first_answer(made, types, peer)
        return {"declared": declared - started, "ready": perf_counter() - started, "processor": process_time() - spent}

    await answer_all(times_s)


async def first_answer(made: Any, types: list[Any], peer: str) -> float:
    """Declare, start and ask; answer with the time when all was declared."""
    new = Request(
        "POST",
        f"/made{len(types) - 1}",
        body=b'{"name":"Ana","amount":3}',
        status=201,
        answer={"id": 1, "name": "Ana", "amount": 3},
    )
    app = await made.declare(types)
    declared = perf_counter()
    async with living(app):
        await check(PEERS[peer].title, app, new)
    return declared


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
