"""The events that a plugin sends, read from its source: nothing registers them."""

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from hookspecs import Part
from manifest.type_text import field_types

DYNAMIC = "(dynamic)"
_EVENT = re.compile(r"[a-z][\w.:-]*")  # client.request("GET", ...) is none


class Outgoing(NamedTuple):
    """One call of `publish` or `request`; `fields` are the payload's names and types, as far as they can be known."""

    call: str
    event: str
    fields: tuple[tuple[str, str], ...] = ()


def outgoing(part: Part, root: Path) -> list[Outgoing]:
    """List what a plugin's file sends, sorted; nothing for a file that cannot be read."""
    module = sys.modules.get(part.module)
    file = root / part.file
    if not file.is_file():  # it came through an entry point
        file = Path(getattr(module, "__file__", None) or file)
    try:
        source = file.read_bytes()
        if b"publish(" not in source and b"request(" not in source:
            return []
        tree = ast.parse(source)
    except (OSError, SyntaxError, ValueError):
        return []
    return sorted(set(_calls(tree, {**_constants(tree), **(vars(module) if module else {})})))


def _constants(tree: ast.Module) -> dict[str, str]:
    return {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _calls(tree: ast.Module, names: Mapping[str, Any]) -> Iterator[Outgoing]:
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in ("publish", "request")
        ):
            given = dict(zip(("event", "payload"), node.args, strict=False))
            given |= {word.arg: word.value for word in node.keywords if word.arg}
            if event := _event(given.get("event"), names):
                yield Outgoing(node.func.attr, event, _fields(given.get("payload"), names))


def _event(node: ast.expr | None, names: Mapping[str, Any]) -> str:
    """Answer with the event's name; empty for a call that sends none."""
    value = node.value if isinstance(node, ast.Constant) else _resolve(node, names)
    if isinstance(value, str):
        return value if _EVENT.fullmatch(value) else ""
    return DYNAMIC if node and not isinstance(node, ast.Constant) else ""


def _resolve(node: ast.expr | None, names: Mapping[str, Any]) -> Any:
    if isinstance(node, ast.Name):
        return names.get(node.id)
    if isinstance(node, ast.Attribute):
        home = _resolve(node.value, names)
        return getattr(home, node.attr, None) if isinstance(home, ModuleType | type) else None
    return None


def _fields(node: ast.expr | None, names: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    if isinstance(node, ast.Dict):
        return tuple((str(key.value), "") for key in node.keys if isinstance(key, ast.Constant))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "dict":
        return tuple((word.arg, "") for word in node.keywords if word.arg)
    if isinstance(node, ast.Call) and isinstance(shape := _resolve(node.func, names), type):
        return tuple(field_types(shape).items())
    return ()
