"""What a plugin's source uses: methods of tools, tables, names that it imports from contracts."""

import re
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from hookspecs import Part

_KEPT = re.compile(r"^\s*(self\.\w+(?:, self\.\w+)*) = (\w+(?:, \w+)*)$", re.MULTILINE)
_CALLED = re.compile(r"self\.(\w+)\.(\w+)\(")
_TABLE = re.compile(r"\b(?:from|into|update|join|table)\s+(?:if not exists\s+)?\"?(\w+)", re.IGNORECASE)
_IMPORTED = re.compile(r"^from tools\.\w+\.contract\S* import (\([^)]*\)|.*)$", re.MULTILINE)


class SourceUse(NamedTuple):
    """All that can be read without running it; empty for a file that cannot be read."""

    methods: frozenset[tuple[str, str]] = frozenset()
    tables: frozenset[str] = frozenset()
    imports: frozenset[str] = frozenset()


def source_use(part: Part, root: Path, tables: Collection[str]) -> SourceUse:
    """Read a plugin's file, by patterns: it is one of hundreds, and what is missed only makes a slice less apt."""
    try:
        source = (root / part.file).read_text("utf-8", "replace")
    except OSError:
        return SourceUse()
    tool = {name: name for name in part.needs}
    for kept, given in _KEPT.findall(source):
        tool |= zip(kept.replace("self.", "").split(", "), given.split(", "), strict=False)
    called = {(tool.get(attribute, ""), method) for attribute, method in _CALLED.findall(source)}
    return SourceUse(
        frozenset((name, method) for name, method in called if name in part.needs),
        frozenset(_TABLE.findall(source)) & {*tables},
        frozenset(name for names in _IMPORTED.findall(source) for name in re.findall(r"\w+", names)),
    )
