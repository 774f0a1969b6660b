"""Which lines of the tools' contracts a task needs: what its neighbours call, what most call, what its words name."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from hookspecs import Part
from manifest.pages.tools import member_lines
from manifest.plain_text import plain
from manifest.slicing.source_use import SourceUse
from manifest.slicing.words import share, stems
from manifest.tool_contract import contract_lines

Call = tuple[str, str]  # a tool and a method
_OPTIONS = re.compile(r", \*, [^)]*\)")
_METHOD = re.compile(r"(?:await )?(\w+(?:/\w+)*)(?=[(:]|$)")
_OFFERED = re.compile(r"\b[A-Z]\w+(?:\([^()]*\))?")
_MEMBERS = 4  # of a value that plugins are given: all of them are in `tools <name>`
_COMMON = 0.2  # of the features of a kind: what so many call, the next one is likely to
_USUAL, _SEVERAL = 0.05, 3  # of all features
_COMMON_VALUE, _NEAR_VALUE, _ASKED_VALUE, _USUAL_VALUE = 1.0, 0.9, 0.85, 0.5


class Line(NamedTuple):
    """A method's signature; `value` is 0 where nothing speaks for it."""

    tool: str
    text: str
    value: float


class ToolUse(NamedTuple):
    """A tool as a slice shows it: a title, and lines to choose from."""

    name: str
    title: str
    lines: Sequence[Line]


class Evidence(NamedTuple):
    """What speaks for a method: features of the kind call it, many do, the nearest do, the task's words name it."""

    common: Collection[Call]
    usual: Collection[Call]
    near: Collection[Call]
    imported: Collection[str]
    words: Mapping[str, float]

    def value(self, tool: str, methods: Iterable[str]) -> float:
        """Value the line of a tool's methods, 0 to 1."""
        values = [0.0]
        for method in methods:
            call = (tool, method)
            asked = max(share(self.words, stems(method)), share(self.words, stems(tool)))
            values += [_COMMON_VALUE * (call in self.common), _NEAR_VALUE * (call in self.near),
                       _USUAL_VALUE * (call in self.usual), _ASKED_VALUE * min(1.0, asked)]  # fmt: skip
        return max(values)

    def is_needed(self, offered: str) -> bool:
        """Tell whether what a contract offers for import is."""
        return offered in self.imported or share(self.words, stems(offered)) > 0


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
    times = Counter(name for plugin in nearest for name in uses[plugin].imports)
    evidence = Evidence(
        _called_by(alike, uses, _COMMON * len(alike)),
        _called_by(uses, uses, max(_SEVERAL, _USUAL * len(uses))),
        _called_by(nearest, uses, 2),
        {name for name, number in times.items() if number > 1},
        words,
    )
    found = [_tool(tool, evidence) for tool in sorted(tools, key=lambda part: part.name)]
    if any(line.value for tool in found for line in tool.lines):
        return found
    # nobody here shows which are used: then as many as fit
    return [tool._replace(lines=[line._replace(value=_USUAL_VALUE) for line in tool.lines]) for tool in found]


def _called_by(plugins: Collection[str], uses: Mapping[str, SourceUse], least: float) -> set[Call]:
    called = Counter(call for name in plugins for call in uses[name].methods)
    return {call for call, times in called.items() if times >= least}


def _tool(tool: Part, evidence: Evidence) -> ToolUse:
    first, *rest = contract_lines(tool)
    offered = [_short(one) for one in _OFFERED.findall(first) if evidence.is_needed(one.partition("(")[0])]
    title = f"# {plain(tool.name)}" + (f" ({', '.join(offered)})" if offered else "")
    return ToolUse(tool.name, title, [*_lines(tool, rest, evidence)])


def _short(offered: str) -> str:
    """Name what a value has, but not all of it."""
    name, _, members = offered.removesuffix(")").partition("(")
    named = members.split(", ")[:_MEMBERS] if members else []
    more = ", …" if members.count(", ") >= _MEMBERS else ""
    return f"{name}({', '.join(named)}{more})" if named else name


def _lines(tool: Part, texts: Iterable[str], evidence: Evidence) -> Iterator[Line]:
    shown: set[str] = set()
    for text in texts:
        if found := _METHOD.match(text):
            methods = found[1].split("/")
            shown |= {*methods}
            value = evidence.value(tool.name, methods)
            yield Line(tool.name, text if value >= _COMMON_VALUE else _OPTIONS.sub(", ...)", text), value)
    rare = evidence._replace(common=(), usual=())
    for method, text in member_lines(tool).items():  # those that the index only names
        if method not in shown and (value := rare.value(tool.name, [method])) > _USUAL_VALUE:
            yield Line(tool.name, text, value)
