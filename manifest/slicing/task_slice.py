"""`python -m manifest show --task "refund an order"`: what its author needs, the best first, within a budget."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from hookspecs import System
from manifest.budget import BudgetError
from manifest.plain_text import plain
from manifest.slicing.graph import Graph, Key, read_graph
from manifest.slicing.left_out import left_out
from manifest.slicing.neighbour import neighbour
from manifest.slicing.pieces import Piece, pieces
from manifest.slicing.relevance import relevance
from manifest.slicing.rules import RULES
from manifest.slicing.tool_use import Line, ToolUse, tools_for
from manifest.slicing.words import asked
from manifest.tokens import count

BUDGET = 800
_NEAREST = 5  # plugins whose use of tools is taken as an example
_TITLES = {"table": "Tables", "event": "Events", "plugin": "Features"}
Item = Line | Piece


class Source(NamedTuple):
    """All that a slice is made of."""

    task: str
    graph: Graph
    score: Mapping[Key, float]
    tools: Sequence[ToolUse]
    pieces: Sequence[Piece]


def render_task(system: System, root: Path, task: str, budget: int = BUDGET) -> str:
    """Render the slice for a task in words, at most `budget` tokens long; the same for the same tree and words.

    Raises:
        BudgetError: not even the rules fit.
    """
    source = _source(system, root, task)
    items: list[Item] = [line for tool in source.tools for line in tool.lines if line.value]
    items = sorted([*items, *source.pieces], key=lambda item: (-item.value, isinstance(item, Piece), item.text))
    least = count(_text(source, ()))
    if least > budget:
        raise BudgetError(budget, least)
    chosen = _affordable(items, budget - least)
    while count(text := _text(source, chosen)) > budget:
        chosen = chosen[:-1]
    return text


def _source(system: System, root: Path, task: str) -> Source:
    graph = read_graph(system, root)
    score = relevance(graph, task)
    found = [*pieces(graph, score)]
    nearest = [piece.name for piece in found if piece.kind == "plugin"][:_NEAREST]
    return Source(task, graph, score, tools_for(system.tools, graph.uses, nearest, asked(task)), found)


def _affordable(items: Sequence[Item], tokens: int) -> list[Item]:
    """Take items by worth while they fit; one that does not makes place for a shorter one."""
    chosen: list[Item] = []
    for item in items:
        if (cost := count(f"{item.text}\n")) <= tokens:
            chosen.append(item)
            tokens -= cost
    return chosen


def _text(source: Source, chosen: Sequence[Item]) -> str:
    sections = ["\n".join([f"# {plain(source.task)}", "", *_where(source), RULES.strip()])]
    lines = [line for line in chosen if isinstance(line, Line)]
    if tools := "\n".join(_tools(source.tools, lines)):
        sections.append(f"## Tools\n\n```python\n{tools}\n```")
    for kind, title in _TITLES.items():
        texts = [one.text for one in source.pieces if one.kind == kind and one in chosen]
        if texts:
            sections.append("\n".join([f"## {title}", "", *texts]))
    held = {(one.kind, one.name) for one in chosen if isinstance(one, Piece)}
    held |= {("tool", f"{line.tool}.{line.text}") for line in lines}
    if left := left_out(source.graph, source.score, source.tools, held):
        sections.append("\n".join(["## Left out", "", *left]))
    return "\n\n".join(sections) + "\n"


def _where(source: Source) -> Iterator[str]:
    """Say where the file goes, and which one to read before it is written."""
    if nearest := neighbour(source.graph, source.score, source.task):
        yield f"Read `{plain(nearest.part.file)}`, then write a file beside it."
        yield ""


def _tools(tools: Sequence[ToolUse], chosen: Sequence[Line]) -> Iterator[str]:
    for tool in tools:
        if texts := [line.text for line in tool.lines if line in chosen]:
            yield tool.title
            yield from texts
