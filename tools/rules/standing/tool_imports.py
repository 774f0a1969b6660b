"""Tools import no other tool: what must meet is composed by a plugin."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from hookspecs import Finding
from tools.rules.reading import Reading

_LOOKED_FOR = re.compile(rb"^[ \t]*(?:from|import)[ \t]+(?:tools|domains|kernel|manifest|asgi)\b", re.MULTILINE)


def read_tool(root: Path, folder: Path) -> Reading:
    """Read a tool's files: findings for each import that is neither of itself nor of the contract that it keeps."""
    findings = list[Finding]()
    for path in sorted(folder.rglob("*.py")):
        content = path.read_bytes()
        if _LOOKED_FOR.search(content):
            findings += _findings(f"{folder.relative_to(root)}/{path.relative_to(folder)}", folder.name, content)
    return Reading(findings=findings)


def _findings(file: str, tool: str, content: bytes) -> Iterator[Finding]:
    for node in ast.walk(ast.parse(content, file)):
        if isinstance(node, ast.Import):
            names = [one.name for one in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [f"{node.module}.{one.name}" for one in node.names]
        else:
            continue
        for name in names:
            if not _may(tool, name.split(".")):
                remedy = "let a plugin hand it the object, or the function, that it needs"
                yield Finding("tool-import", f"tool {tool} imports {name}: {remedy}", file, node.lineno)


def _may(tool: str, name: list[str]) -> bool:
    if name[0] != "tools":
        return name[0] not in ("domains", "kernel", "manifest", "asgi")
    is_kept = name[2:3] == ["contract"] and tool.startswith(f"{name[1]}_")
    return name[1:2] == [tool] or is_kept  # a second work keeps the contract of the first
