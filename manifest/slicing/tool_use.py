"""Which lines of the tools' contracts a task needs: what its neighbours call, what most call, what its words name."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from hookspecs import Part
from manifest.plain_text import plain
from manifest.slicing.source_use import SourceUse
from manifest.slicing.words import share, stems
from manifest.tool_contract import contract_lines

_OPTIONS = re.compile(r", \*, [^)]*\)")
_METHOD = re.compile(r"(?:await )?(\w+(?:/\w+)*)(?=[(:]|$)")
_OFFERED = re.compile(r"\b[A-Z]\w+(?:\([^()]*\))?")
Calls = Collection[tuple[str, str]]
_USUAL = 0.05  # of all
_COMMON = 0.2  # of the features of a kind: what so many call, the next one is likely to


_COMMON_VALUE, _NEAR_VALUE, _ASKED_VALUE, _USUAL_VALUE = 1.0, 0.9, 0.85, 0.55


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
    tools: Iterable[Part],
    uses: Mapping[str, SourceUse],
    alike: Collection[str],
    nearest: Sequence[str],
    words: Mapping[str, float],
) -> list[ToolUse]:
    """Value the lines of each tool, by name.

    Args:
        tools: those that stand.
        uses: what each plugin uses.
        alike: the plugins of the kind that is asked for.
        nearest: the plugins that have most to do with the task.
        words: the task's, weighed.
    """
    common, usual = _called_by(alike, uses, _COMMON), _called_by(uses, uses, _USUAL)
    near = Counter(call for name in nearest for call in uses[name].methods)
    times = Counter(name for plugin in nearest for name in uses[plugin].imports)
    imported = {name for name, number in times.items() if number > 1}
    found = [_tool(tool, common, usual, near, imported, words) for tool in sorted(tools, key=lambda part: part.name)]
    if any(line.value for tool in found for line in tool.lines):
        return found
    # nobody here shows which are used: then as many as fit
    return [tool._replace(lines=[line._replace(value=_USUAL_VALUE) for line in tool.lines]) for tool in found]


def _called_by(plugins: Collection[str], uses: Mapping[str, SourceUse], least: float) -> set[tuple[str, str]]:
    called = Counter(call for name in plugins for call in uses[name].methods)
    return {call for call, times in called.items() if times >= least * len(plugins)}


def _tool(tool: Part, common: Calls, usual: Calls, near: Mapping[tuple[str, str], int],
          imported: Collection[str], words: Mapping[str, float]) -> ToolUse:  # fmt: skip
    first, *rest = contract_lines(tool)
    named = share(words, stems(tool.name))
    offered = [name for name in _OFFERED.findall(first) if _is_needed(name, imported, words)]
    title = f"# {plain(tool.name)}" + (f" ({', '.join(offered)})" if offered else "")
    return ToolUse(tool.name, title, [*_lines(tool.name, rest, common, usual, near, named, words)])


def _is_needed(offered: str, imported: Collection[str], words: Mapping[str, float]) -> bool:
    name = offered.partition("(")[0]
    return name in imported or share(words, stems(name)) > 0


def _lines(tool: str, texts: Iterable[str], common: Calls, usual: Calls, near: Mapping[tuple[str, str], int],
           named: float, words: Mapping[str, float]) -> Iterator[Line]:  # fmt: skip
    for text in texts:
        found = _METHOD.match(text)
        methods = tuple(found[1].split("/")) if found else ()
        calls = [(tool, method) for method in methods]
        asked = max((share(words, stems(method)) for method in methods), default=0.0)
        values = [
            _COMMON_VALUE * any(call in common for call in calls),
            _NEAR_VALUE * any(near[call] > 1 for call in calls),
        ]
        values += [
            _ASKED_VALUE * min(1.0, asked),
            _ASKED_VALUE * named * bool(methods),
            _USUAL_VALUE * any(call in usual for call in calls),
        ]
        value = max(values)
        yield Line(tool, text if value >= 1.0 else _OPTIONS.sub(", ...)", text), methods, value)
