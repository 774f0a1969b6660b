"""Which lines of the tools' contracts a task needs: what its neighbours call, what most call, what its words name."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from hookspecs import Part
from manifest.slicing.source_use import SourceUse
from manifest.slicing.words import share, stems
from manifest.tool_contract import contract_lines

_METHOD = re.compile(r"(?:await )?(\w+(?:/\w+)*)(?=[(:]|$)")
_OFFERED = re.compile(r"\b[A-Z]\w+(?:\([^()]*\))?")
_COMMON = 0.05  # of the features: what so many call, an author is likely to


class Line(NamedTuple):
    """A method's signature; `value` is 0 where nothing speaks for it."""

    tool: str
    text: str
    methods: tuple[str, ...]
    value: float


class ToolUse(NamedTuple):
    """A tool as a slice shows it: a title, and lines to choose from."""

    name: str
    title: str
    lines: Sequence[Line]


def tools_for(
    tools: Iterable[Part], uses: Mapping[str, SourceUse], nearest: Sequence[str], words: Mapping[str, float]
) -> list[ToolUse]:
    """Value the lines of each tool, by name.

    Args:
        tools: those that stand.
        uses: what each plugin uses.
        nearest: the plugins that have most to do with the task.
        words: the task's, weighed.
    """
    called = Counter(call for use in uses.values() for call in use.methods)
    common = {call for call, times in called.items() if times >= max(2, _COMMON * len(uses))}
    near = Counter(call for name in nearest for call in uses[name].methods)
    imported = {name for plugin in nearest for name in uses[plugin].imports}
    return [_tool(tool, common, near, imported, words) for tool in sorted(tools, key=lambda part: part.name)]


def _tool(tool: Part, common: Collection[tuple[str, str]], near: Mapping[tuple[str, str], int],
          imported: Collection[str], words: Mapping[str, float]) -> ToolUse:  # fmt: skip
    first, *rest = contract_lines(tool)
    named = share(words, stems(tool.name))
    offered = [name for name in _OFFERED.findall(first) if _is_needed(name, imported, words)]
    title = f"# {tool.name}" + (f" ({', '.join(offered)})" if offered else "")
    return ToolUse(tool.name, title, [*_lines(tool.name, rest, common, near, named, words)])


def _is_needed(offered: str, imported: Collection[str], words: Mapping[str, float]) -> bool:
    name = offered.partition("(")[0]
    return name in imported or share(words, stems(name)) > 0


def _lines(tool: str, texts: Iterable[str], common: Collection[tuple[str, str]], near: Mapping[tuple[str, str], int],
           named: float, words: Mapping[str, float]) -> Iterator[Line]:  # fmt: skip
    for text in texts:
        found = _METHOD.match(text)
        methods = tuple(found[1].split("/")) if found else ()
        calls = [(tool, method) for method in methods]
        asked = max((share(words, stems(method)) for method in methods), default=0.0)
        value = max(
            1.0 if any(call in common for call in calls) else 0.0,
            0.9 if any(near[call] for call in calls) else 0.0,
            0.5 + 0.4 * asked if asked else 0.0,
            0.6 * named if methods else 0.0,
        )
        yield Line(tool, text, methods, value)
