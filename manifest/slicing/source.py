"""All that a slice is made of: what stands, judged for one task."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from hookspecs import System
from manifest.feature import Feature
from manifest.slicing.graph import Graph, Key, read_graph
from manifest.slicing.kind import asked_kind, kind_of
from manifest.slicing.neighbour import home, neighbour
from manifest.slicing.pieces import Piece, pieces
from manifest.slicing.relevance import relevance
from manifest.slicing.tool_use import ToolUse, tools_for
from manifest.slicing.words import asked_of_tools

_NEAREST = 5  # plugins whose use of tools is taken as an example


class Source(NamedTuple):
    """`home` is the domain that the feature belongs to, `neighbour` the one to read first."""

    task: str
    graph: Graph
    score: Mapping[Key, float]
    tools: Sequence[ToolUse]
    pieces: Sequence[Piece]
    home: str
    neighbour: Feature | None


def read_source(system: System, root: Path, task: str) -> Source:
    """Read what stands, and judge it for a task."""
    graph = read_graph(system, root)
    score = relevance(graph, task)
    kind = asked_kind(task)
    domain = home(pieces(graph, score, kind), kind)
    found = [*pieces(graph, score, kind, domain)]
    called_by = [piece.name for piece in found if piece.kind == "plugin"][:_NEAREST]
    kinds = {name: kind_of(thing.what) for (_, name), thing in graph.things.items() if isinstance(thing.what, Feature)}
    # what runs at its time hears of it by an event
    alike = next(
        filter(None, ([name for name, its in kinds.items() if its == one] for one in (kind, "hear"))), [*kinds]
    )
    tools = tools_for(system.tools, graph.uses, alike, called_by, asked_of_tools(task))
    nearest = neighbour(graph, score, kind, domain)
    if nearest and kind == kind_of(nearest) == "hear":  # who hears such events already writes what follows from them
        domain = nearest.part.name.partition(".")[0]
    return Source(task, graph, score, tools, found, domain, nearest)
