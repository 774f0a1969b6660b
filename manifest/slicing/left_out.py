"""What a slice does not hold, and the command that has it: so that nobody takes it for the whole."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from manifest.plain_text import plain
from manifest.slicing.graph import Graph, Key
from manifest.slicing.pieces import Piece
from manifest.slicing.tool_use import ToolUse

_NAMED = 5


def left_out(graph: Graph, score: Mapping[Key, float], tools: Sequence[ToolUse], held: Collection[Key]) -> list[str]:
    """List it by kind, what is nearest to the task first."""
    lines = [*_kinds(graph, score, held), *_tools(tools, held)]
    domains = sorted({thing.domain for thing in graph.things.values() if thing.domain and thing.key not in held})
    if domains:
        lines.append(f"- `python -m manifest show <domain>`: {plain(', '.join(domains), 400)}")
    return lines


def _kinds(graph: Graph, score: Mapping[Key, float], held: Collection[Key]) -> Iterator[str]:
    for kind, title in (("table", "tables"), ("event", "events"), ("plugin", "features")):
        left = sorted((key for key in graph.things if key[0] == kind and key not in held),
                      key=lambda key: (-score[key], key))  # fmt: skip
        if left:
            yield f"- {title}: {_names([name for _, name in left])}"


def _tools(tools: Sequence[ToolUse], held: Collection[Key]) -> Iterator[str]:
    left = [tool.name for tool in tools if not any(("tool", f"{tool.name}.{line.text}") in held for line in tool.lines)]
    if left:
        yield f"- tools (`python -m manifest tools <name>`): {plain(', '.join(left), 300)}"


def _names(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return plain(", ".join(names[:_NAMED]), 300) + more
