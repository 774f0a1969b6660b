"""The events that a plugin sends, read from its source: nothing registers them."""

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, NamedTuple

from hookspecs import Part
from manifest.type_text import field_types

DYNAMIC = "(dynamic)"
_EVENT = re.compile(r"[a-z][\w.:-]*")  # client.request("GET", ...) is none
_EVENT_AT = {"publish": 0, "request": 0, "at": 1, "cron": 2, "every": 2}  # the payload comes next


class Outgoing(NamedTuple):
    """One call that sends an event, now or when it is due.

    `call` is `publish` or `request`, `fields` are the payload's names and types, as far as they can be known.
    """

    call: str
    event: str
    fields: tuple[tuple[str, str], ...] = ()


def outgoing(part: Part, root: Path) -> list[Outgoing]:
    """List what a plugin's file sends, sorted; nothing for a file that cannot be read."""
    module = sys.modules.get(part.module)
    file = root / part.file
    if not file.is_file():  # it came through an entry point
        file = Path(getattr(module, "__file__", None) or file)
    tree, names = _read(file), vars(module) if module else {}
    return sorted({*_calls(tree, {**_constants(tree), **names}, {}), *_of_models(part, names)})


def _of_models(part: Part, names: Mapping[str, Any]) -> Iterator[Outgoing]:
    """Yield what the functions and base classes send that a plugin has from its domain's models."""
    home = f"{part.module.rpartition('.plugins.')[0]}.models"
    used: dict[str, set[str]] = {}
    for thing in names.values():
        where = getattr(thing, "__module__", "") if isinstance(thing, type | FunctionType) else ""
        if f"{where}.".startswith(f"{home}."):
            used.setdefault(where, set()).add(thing.__name__)
    for where, wanted in used.items():
        models = sys.modules[where]
        for node in _read(Path(models.__file__ or "")).body:
            if getattr(node, "name", "") in wanted:
                yield from _calls(node, vars(models), {})


def _read(file: Path) -> ast.Module:
    """Parse a file; one that sends nothing, or cannot be read, is as good as an empty one."""
    try:
        source = file.read_bytes()
        is_sending = any(f"{call}(".encode() in source for call in _EVENT_AT)
        return ast.parse(source if is_sending else b"")
    except (OSError, SyntaxError, ValueError):
        return ast.parse(b"")


def _constants(tree: ast.Module) -> dict[str, str]:
    return {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _calls(node: ast.AST, names: Mapping[str, Any], typed: Mapping[str, ast.expr]) -> Iterator[Outgoing]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        typed = {**typed, **_annotated(node), **_made(node)}
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _EVENT_AT:
        call = node.func.attr
        given = dict(zip(("event", "payload"), node.args[_EVENT_AT[call] :], strict=False))
        given |= {word.arg: word.value for word in node.keywords if word.arg}
        payload = given.get("payload")
        is_bus = call in ("publish", "request")
        event = _event(given.get("event"), names)
        if event and (is_bus or event != DYNAMIC):  # `frame.at(row, column)`
            fields = _fields(payload, names) or _typed_fields(payload, names, typed)
            yield Outgoing(call if is_bus else "publish", event, fields)
    for child in ast.iter_child_nodes(node):
        yield from _calls(child, names, typed)


def _annotated(function: ast.FunctionDef | ast.AsyncFunctionDef) -> dict[str, ast.expr]:
    """Answer with the types that a function's parameters and variables are declared to have."""
    arguments = (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)
    typed = {one.arg: one.annotation for one in arguments if one.annotation}
    return typed | {node.target.id: node.annotation for node in ast.walk(function)
                    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)}  # fmt: skip


def _made(function: ast.FunctionDef | ast.AsyncFunctionDef) -> dict[str, ast.expr]:
    """Answer with the types of variables that hold one row `into` a Struct, or what a class was called for."""
    typed = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and isinstance(target := node.targets[0], ast.Name):
            value = node.value.value if isinstance(node.value, ast.Await) else node.value
            if isinstance(value, ast.Call):
                into = [word.value for word in value.keywords if word.arg == "into"]
                is_one = isinstance(value.func, ast.Attribute) and value.func.attr in ("query_one", "request")
                typed[target.id] = into[0] if into and is_one else value.func
    return typed


def _event(node: ast.expr | None, names: Mapping[str, Any]) -> str:
    """Answer with the event's name; empty for a call that sends none."""
    value = node.value if isinstance(node, ast.Constant) else _resolve(node, names)
    if isinstance(value, str):
        text = str.__str__(value)  # a member of an enum that is a text, too, is sent as that text
        return text if _EVENT.fullmatch(text) else ""
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


def _typed_fields(
    node: ast.expr | None, names: Mapping[str, Any], typed: Mapping[str, ast.expr]
) -> tuple[tuple[str, str], ...]:
    kind = typed.get(node.id) if isinstance(node, ast.Name) else None
    if isinstance(kind, ast.BinOp):  # `Note | None`
        kind = kind.left
    shape = _resolve(kind, names)
    return tuple(field_types(shape).items()) if isinstance(shape, type) else ()
