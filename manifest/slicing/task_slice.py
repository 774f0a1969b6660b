"""`python -m manifest show --task "refund an order"`: what its author needs, the best first, within a budget."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from hookspecs import System
from manifest.budget import BudgetError
from manifest.plain_text import plain
from manifest.slicing.left_out import MOST_NAMED, left_out
from manifest.slicing.pieces import Piece
from manifest.slicing.rules import RULES
from manifest.slicing.source import Source, read_source
from manifest.slicing.tool_use import Line, ToolUse
from manifest.tokens import count

BUDGET = 800
_TITLES = {"table": "Tables", "event": "Events", "plugin": "Features"}
Item = Line | Piece


def render_task(system: System, root: Path, task: str, budget: int = BUDGET) -> str:
    """Render the slice for a task in words, at most `budget` tokens long; the same for the same tree and words.

    Raises:
        BudgetError: not even the rules fit.
    """
    source = read_source(system, root, task)
    items: list[Item] = [line for tool in source.tools for line in tool.lines if line.value]
    items = sorted([*items, *source.pieces], key=lambda item: (-item.value, isinstance(item, Piece), item.text))
    least = count(_text(source, ()))
    if least > budget:
        raise BudgetError(budget, least)
    chosen = _affordable(items, budget - least)
    while count(_text(source, chosen)) > budget:
        chosen = chosen[:-1]
    texts = (_text(source, chosen, named) for named in range(MOST_NAMED, -1, -1))
    return next(text for text in texts if count(text) <= budget)


def _affordable(items: Sequence[Item], tokens: int) -> list[Item]:
    """Take items by worth while they fit; one that does not makes place for a shorter one."""
    chosen: list[Item] = []
    for item in items:
        if (cost := count(f"{item.text}\n")) <= tokens:
            chosen.append(item)
            tokens -= cost
    return chosen


def _text(source: Source, chosen: Sequence[Item], named: int = 0) -> str:
    sections = ["\n".join([f"# {plain(source.task)}", "", *_where(source), RULES.strip()])]
    lines = [line for line in chosen if isinstance(line, Line)]
    if tools := "\n".join(_tools(source.tools, lines)):
        sections.append(f"## Tools\n\n```python\n{tools}\n```")
    for kind, title in _TITLES.items():
        texts = [one.text for one in source.pieces if one.kind == kind and one in chosen]
        if texts:
            sections.append("\n".join([f"## {title}", "", *texts]))
    held = {(one.kind, one.name) for one in chosen if isinstance(one, Piece)}
    held |= {("tool", line.tool) for line in lines}
    if left := left_out(source, held, named):
        sections.append("\n".join(["## Left out", "", *left]))
    return "\n\n".join(sections) + "\n"


def _where(source: Source) -> Iterator[str]:
    """Say where the file goes, and which one to read before it is written."""
    if source.neighbour:
        file = f"domains/{plain(source.home)}/plugins/<feature>.py"
        yield f"Read `{plain(source.neighbour.part.file)}`; then write `{file}`."
        yield ""


def _tools(tools: Sequence[ToolUse], chosen: Sequence[Line]) -> Iterator[str]:
    for tool in tools:
        if texts := [line.text for line in tool.lines if line in chosen]:
            yield tool.title
            yield from texts
