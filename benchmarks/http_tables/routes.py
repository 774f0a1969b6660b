"""What the last of many routes costs, beside the last of few; every request has another id."""

import asyncio
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack

from benchmarks.http_tables.child import Child, answer_all
from benchmarks.http_tables.driver import Sampler, check
from benchmarks.http_tables.figures import Figures, Table, interleaved, titled
from benchmarks.http_tables.peers import PEERS
from benchmarks.http_tables.scenario import Request

KINDS = ("static", "parameter")
FEW = 10
ABOUT = (
    "Processor time of one request to the last of {many:,} routes in microseconds, and its ratio to the last of "
    "{few}, in process: `/route{last}`, and `/things{last}/{{id}}` with ids all different. "
    "Medians of {rounds} interleaved rounds."
)


def measure(peers: Sequence[str], many: int, rounds: int) -> Table:
    """Measure all peers in turn."""
    figures = Figures()
    with ExitStack() as stack:
        children = {peer: stack.enter_context(Child("routes", peer)) for peer in peers}
        for kind, peer in interleaved(rounds, peers, KINDS):
            for count in (FEW, many):
                figures.add(peer, f"{kind}{count}", children[peer].ask(kind=kind, count=count))
    head = ["", *(text for kind in KINDS for text in (f"{kind}, µs", "ratio"))]
    outcome = {(peer, kind): figures.ratio(peer, f"{kind}{many}", f"{kind}{FEW}") for peer in peers for kind in KINDS}
    lines = [
        [
            titled(peer),
            *(
                text
                for kind in KINDS
                for text in (f"{figures.median(peer, f'{kind}{many}'):.1f}", f"{outcome[peer, kind]:.2f}")
            ),
        ]
        for peer in peers
    ]
    return Table("Many routes", ABOUT.format(many=many, last=many - 1, few=FEW, rounds=rounds), head, lines, outcome)


def request(kind: str, count: int) -> Callable[[int], Request]:
    """Make requests to the last route."""
    if kind == "static":
        return lambda number: Request("GET", f"/route{count - 1}", answer={"ok": True})
    return lambda number: Request("GET", f"/things{count - 1}/{number}", answer={"id": number})


async def main(peer: str) -> None:
    """Measure one peer whenever the parent asks."""
    samplers, made = dict[tuple[str, int], Sampler](), PEERS[peer].load()

    async def sample_us(kind: str, count: int) -> float:
        if (kind, count) not in samplers:
            samplers[kind, count] = await sampler(kind, count)
        return await samplers[kind, count].sample_us()

    async def sampler(kind: str, count: int) -> Sampler:
        app, requests = await made.make_routes(count, kind), request(kind, count)
        if hasattr(app, "start"):  # BlackSheep serves nothing before
            await app.start()
        await check(PEERS[peer].title, app, requests(7))
        new = Sampler(app, requests)
        await new.warm()
        return new

    await answer_all(sample_us)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
