"""All that a slice is made of: what stands, judged for one task."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from hookspecs import System
from manifest.feature import Feature
from manifest.slicing.graph import Graph, Key, read_graph
from manifest.slicing.kind import asked_kind, kind_of
from manifest.slicing.neighbour import home
from manifest.slicing.pieces import Piece, pieces
from manifest.slicing.relevance import relevance
from manifest.slicing.tool_use import ToolUse, tools_for
from manifest.slicing.words import asked_of_tools

_NEAREST = 5  # plugins whose use of tools is taken as an example


class Source(NamedTuple):
    """`home` is the domain that the feature belongs to."""

    task: str
    graph: Graph
    score: Mapping[Key, float]
    tools: Sequence[ToolUse]
    pieces: Sequence[Piece]
    home: str


def read_source(system: System, root: Path, task: str) -> Source:
    """Read what stands, and judge it for a task."""
    graph = read_graph(system, root)
    score = relevance(graph, task)
    kind = asked_kind(task)
    domain = home(pieces(graph, score, kind))
    found = [*pieces(graph, score, kind, domain)]
    nearest = [piece.name for piece in found if piece.kind == "plugin"][:_NEAREST]
    kinds = {name: kind_of(thing.what) for (_, name), thing in graph.things.items() if isinstance(thing.what, Feature)}
    # what runs at its time hears of it by an event
    alike = next(
        filter(None, ([name for name, its in kinds.items() if its == one] for one in (kind, "hear"))), [*kinds]
    )
    tools = tools_for(system.tools, graph.uses, alike, nearest, asked_of_tools(task))
    return Source(task, graph, score, tools, found, domain)
