"""Requests a second over HTTP: every peer under the same server, asked by one load in a process of its own."""

import json
import re
import shlex
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

from benchmarks.http_tables.child import PROJECT, Child
from benchmarks.http_tables.figures import Figures, Table, interleaved, titled
from benchmarks.http_tables.peers import BASE, PEERS

CONNECTIONS, SERVER_CPU, LOAD_CPU = 64, 0, 1
SERVED, HAND_SERVED, HAND = "ours, whole app, scripts/serve", "hand-written, scripts/serve's options", " by hand"
SERVING = {SERVED: "whole", HAND_SERVED: BASE}
"""What is served as `scripts/serve` does it, by our protocol class: the hand-written callable too, to be fair."""
ABOUT = (
    "Requests a second and their ratio to the hand-written callable, which is measured again before each, and the "
    "ratio of the server's processor time per request (lower is better): uvicorn with uvloop and httptools, one "
    "worker, no access log, {connections} keep-alive connections, the load on another processor where there is one. "
    "Medians of {rounds} interleaved rounds of {run_s:g} s."
)


def measure(peers: Sequence[str], endpoints: Sequence[str], rounds: int, run_s: float) -> Table:
    """Measure all peers in turn."""
    figures, names = Figures(), [*peers, *(one for one, peer in SERVING.items() if peer in peers)]
    with ExitStack() as stack:
        load = stack.enter_context(Child("load", cpu=LOAD_CPU))
        servers = {name: stack.enter_context(server(name)) for name in names}
        ports = {name: child.answer() for name, child in servers.items()}
        for name, port in ports.items():
            for endpoint in endpoints:
                load.ask(port=port, endpoint=endpoint, who=name)
        for endpoint, name in interleaved(rounds, names, endpoints):
            for asked, suffix in ((BASE, HAND), (name, "")):
                found = load.ask(port=ports[asked], pid=servers[asked].pid, endpoint=endpoint,
                                 connections=CONNECTIONS, warm_s=run_s / 5, run_s=run_s)  # fmt: skip
                figures.add(name, endpoint + suffix, found["rps"])
                figures.add(name, f"{endpoint} cpu{suffix}", found["cpu_us"])
    return rendered(figures, names, endpoints, ABOUT.format(connections=CONNECTIONS, rounds=rounds, run_s=run_s))


def server(name: str) -> Child:
    """Start a server."""
    options = served_options() if name in SERVING else {}
    return Child("server", SERVING.get(name, name), json.dumps(options), cpu=SERVER_CPU)


def served_options() -> dict[str, Any]:
    """Read what `scripts/serve` tells uvicorn, as arguments of its Config.

    Raises:
        RuntimeError: it starts something else.
    """
    script = (PROJECT / "scripts" / "serve").read_text().replace("\\\n", " ")
    found = re.search(r"^exec \S*uvicorn (.*)$", script, re.MULTILINE)
    if found is None:
        raise RuntimeError("scripts/serve starts no uvicorn: tell this function how it serves")
    options, words = dict[str, Any](), shlex.split(found[1])
    for word, following in zip(words, [*words[1:], "--"], strict=True):
        if word.startswith("--"):
            name = word.removeprefix("--").replace("-", "_")
            value = True if following.startswith(("--", "$")) else following
            options[name.removeprefix("no_")] = False if name.startswith("no_") else value
    return {name: converted(value) for name, value in options.items() if name not in ("host", "port")}


def converted(value: Any) -> Any:
    """Read an argument's text as uvicorn does: a number, a truth, or a text.

    >>> [converted(text) for text in ("20", "false", "auto", True)]
    [20, False, 'auto', True]
    """
    text = str(value).lower()
    return int(text) if text.isdigit() else {"true": True, "false": False}.get(text, value)


def rendered(figures: Figures, names: Sequence[str], endpoints: Sequence[str], about: str) -> Table:
    """Make the table."""
    head = ["", *(text for endpoint in endpoints for text in (f"{endpoint}, 1/s", "ratio", "processor"))]
    lines = [[titled(name) if name in PEERS else name] for name in names]
    for line, name in zip(lines, names, strict=True):
        for endpoint in endpoints:
            line.append(f"{figures.median(name, endpoint):,.0f}")
            line += [f"{figures.ratio(name, column, column + HAND):.2f}" for column in (endpoint, f"{endpoint} cpu")]
    outcome = {
        (name, endpoint): figures.ratio(name, endpoint, endpoint + HAND) for name in names for endpoint in endpoints
    }
    return Table("Over HTTP", about, head, lines, outcome)
