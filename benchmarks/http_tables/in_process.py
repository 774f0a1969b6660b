"""What one request costs when the ASGI callable is called directly.

Each peer is a process of its own, which waits while another one is measured.
"""

import asyncio
import sys
from collections.abc import Sequence
from contextlib import ExitStack

from benchmarks.http_tables.child import Child, answer_all
from benchmarks.http_tables.driver import Sampler, check, check_refused, living
from benchmarks.http_tables.figures import Figures, Table, interleaved, titled
from benchmarks.http_tables.peers import BASE, PEERS
from benchmarks.http_tables.scenario import ENDPOINTS, WRONG

ABOUT = (
    "Processor time of one request in microseconds, without a server, and its ratio to the hand-written callable, "
    "which is measured again before each. Five request headers, seven with a body; medians of {rounds} interleaved "
    "rounds."
)


def measure(peers: Sequence[str], endpoints: Sequence[str], rounds: int) -> Table:
    """Measure all peers in turn."""
    figures = Figures()
    with ExitStack() as stack:
        children = {peer: stack.enter_context(Child("in_process", peer)) for peer in peers}
        for endpoint, peer in interleaved(rounds, peers, endpoints):
            figures.add(peer, f"{endpoint} by hand", children[BASE].ask(endpoint=endpoint))
            figures.add(peer, endpoint, children[peer].ask(endpoint=endpoint))
    outcome = {
        (peer, endpoint): figures.ratio(peer, endpoint, f"{endpoint} by hand")
        for peer in peers
        for endpoint in endpoints
    }
    head = ["", *(text for endpoint in endpoints for text in (f"{endpoint}, µs", "ratio"))]
    lines = [
        [
            titled(peer),
            *(
                text
                for endpoint in endpoints
                for text in (f"{figures.median(peer, endpoint):.1f}", f"{outcome[peer, endpoint]:.2f}")
            ),
        ]
        for peer in peers
    ]
    return Table("In process", ABOUT.format(rounds=rounds), head, lines, outcome)


async def main(peer: str) -> None:
    """Measure one peer whenever the parent asks."""
    app = await PEERS[peer].load().make_app()
    samplers = dict[str, Sampler]()

    async def sample_us(endpoint: str) -> float:
        if endpoint not in samplers:
            await check(PEERS[peer].title, app, ENDPOINTS[endpoint](7))
            await check_refused(PEERS[peer].title, app, WRONG.get(endpoint, ()))
            samplers[endpoint] = Sampler(app, ENDPOINTS[endpoint])
            await samplers[endpoint].warm()
        return await samplers[endpoint].sample_us()

    async with living(app):
        await answer_all(sample_us)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
