"""Tools import no other tool: what must meet is composed by a plugin."""

import ast
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from hookspecs import Finding
from tools.rules.kept_readings import KeptReadings, signature
from tools.rules.reading import Reading

# a quick look, as most files import nothing that matters: what of ours stands in a line with that word
_LINE = re.compile(rb"^.*\bimport\b.*$", re.MULTILINE)
_OURS = re.compile(rb"\b(?:tools|domains|kernel|manifest|asgi)\b[\w.]*")
_RELATIVE = re.compile(rb"\bfrom[ \t]+\.\.")


def tool_imports(root: Path, kept: KeptReadings) -> Iterator[Finding]:
    """Refuse, in the files of each tool, every import that is neither of itself nor of the contract that it keeps."""
    for folder in sorted(root.glob("tools/[!_.]*/")):
        key = f"{folder.name} {signature(folder)}"
        if (reading := kept.get(key)) is None:
            files = sorted(folder.rglob("*.py"))
            reading = Reading(findings=tuple(one for file in files for one in _findings(folder, file)))
            kept.put(key, reading)
        yield from reading.findings


def _findings(folder: Path, path: Path) -> Iterator[Finding]:
    tool, file = folder.name, f"tools/{folder.name}/{path.relative_to(folder).as_posix()}"
    with suppress(OSError, SyntaxError, ValueError):  # then nobody can have imported it
        for node, name in _imported(path.read_bytes(), tool, file):
            if not _may(tool, name.split(".")):
                remedy = "let a plugin hand it the object, or the function, that it needs"
                yield Finding("tool-import", f"tool {tool} imports {name}: {remedy}", file, node.lineno)


def _imported(content: bytes, tool: str, file: str) -> Iterator[tuple[ast.stmt, str]]:
    names = {hit.decode() for line in _LINE.findall(content) for hit in _OURS.findall(line)}
    if all(_may(tool, name.split(".")) for name in names) and not _RELATIVE.search(content):
        return
    for node in ast.walk(ast.parse(content)):
        if isinstance(node, ast.Import):
            yield from ((node, one.name) for one in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = file.split("/")[: -node.level] if node.level else []
            home = ".".join([*above, *([node.module] if node.module else [])])
            yield from ((node, f"{home}.{one.name}") for one in node.names)


def _may(tool: str, name: list[str]) -> bool:
    if name[0] != "tools":
        return name[0] not in ("domains", "kernel", "manifest", "asgi")
    is_kept = name[2:3] == ["contract"] and tool.startswith(f"{name[1]}_")
    return name[1:2] == [tool] or is_kept  # a second work keeps the contract of the first
