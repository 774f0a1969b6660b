"""What a file sends and hears over `event_bus`, as far as its source says so."""

import ast
from collections import Counter
from collections.abc import Iterator

from tools.rules.reading import Heard, Sent
from tools.rules.source.names import own_nodes
from tools.rules.source.source import Source

BUSES = ("event_bus", "bus")
SENDERS = ("publish", "request")


def sent(source: Source) -> Iterator[Sent]:
    """Yield each `publish` and `request`."""
    for scope, call, name in _calls(source, *SENDERS):
        event, event_name = _event(source, _argument(call, 0, "event"))
        fields, payload_name = _payload(_argument(call, 1, "payload"), scope)
        yield Sent(name, event, event_name, call.lineno, fields, payload_name)


def heard(source: Source) -> Iterator[Heard]:
    """Yield each `subscribe` and `reply`."""
    named = Counter(one.name for one in source.functions)
    functions = {one.name: one for one in source.functions if named[one.name] == 1}  # else it may be the other one
    for _, call, name in _calls(source, "subscribe", "reply"):
        event, event_name = _event(source, _argument(call, 0, "event"))
        callback = _argument(call, 1, "callback")
        known = callback.attr if isinstance(callback, ast.Attribute) else getattr(callback, "id", "")
        payload, reads = _taken(functions[known]) if known in functions else ("", ())
        yield Heard(name, event, event_name, call.lineno, payload, reads)


def mentioned(source: Source) -> list[str]:
    """List the texts that are handed to a tool, but to listen: the scheduler and others publish what they are told."""
    found = set[str]()
    for _, call in source.calls:
        if isinstance(call.func, ast.Attribute) and call.func.attr not in ("subscribe", "reply"):
            is_of_tool = bool(source.tool_of(call.func.value))
            values = [*call.args, *(one.value for one in call.keywords)] if is_of_tool else []
            found |= {event for one in values if (event := _event(source, one)[0]) and "*" not in event}
    return sorted(found)


def _calls(source: Source, *names: str) -> Iterator[tuple[ast.AST, ast.Call, str]]:
    for scope, call in source.calls:
        if (
            isinstance(call.func, ast.Attribute)
            and call.func.attr in names
            and source.tool_of(call.func.value) in BUSES
        ):
            yield scope, call, call.func.attr


def _argument(call: ast.Call, place: int, name: str) -> ast.expr | None:
    given = call.args[place] if len(call.args) > place else None
    return given or next((one.value for one in call.keywords if one.arg == name), None)


def _event(source: Source, node: ast.expr | None) -> tuple[str, str]:
    """Answer with an event's name, `*` for unknown parts, and with what to look up where it is a name elsewhere."""
    if isinstance(node, ast.Name) and node.id in source.names.constants:
        node = source.names.constants[node.id]
    if isinstance(node, ast.Constant):
        return (node.value if isinstance(node.value, str) else ""), ""
    if isinstance(node, ast.JoinedStr):
        return "".join(str(one.value) if isinstance(one, ast.Constant) else "*" for one in node.values), ""
    return ("", ast.unparse(node)) if isinstance(node, ast.Name | ast.Attribute) else ("*", "")


def _payload(node: ast.expr | None, scope: ast.AST, depth: int = 0) -> tuple[tuple[str, ...] | None, str]:
    """Answer with the fields of a payload, or with the name of its type, or with neither."""
    if isinstance(node, ast.Dict) and all(isinstance(key, ast.Constant) for key in node.keys):
        return tuple(str(key.value) for key in node.keys if isinstance(key, ast.Constant)), ""
    if isinstance(node, ast.Call):
        is_dict = isinstance(node.func, ast.Name) and node.func.id == "dict" and not node.args
        if is_dict and all(one.arg for one in node.keywords):
            return tuple(one.arg for one in node.keywords if one.arg), ""
        return None, ast.unparse(node.func) if isinstance(node.func, ast.Name | ast.Attribute) else ""
    if isinstance(node, ast.Name) and depth == 0:
        return _local(node.id, scope)
    return None, ""


def _local(name: str, scope: ast.AST) -> tuple[tuple[str, ...] | None, str]:
    """Look at where a function sets a name once; one that is changed afterwards, or may be, is unknown."""
    values, annotations, is_handed_on = list[ast.expr | None](), list[ast.expr](), False
    for node in own_nodes(scope):
        match node:
            case ast.AnnAssign(target=ast.Name(id=found), annotation=kind) if found == name:
                annotations.append(kind)
            case ast.arg(arg=found, annotation=ast.expr() as kind) if found == name:
                annotations.append(kind)
            case ast.Assign(targets=[ast.Name(id=found)], value=value) if found == name:
                values.append(value)
            case ast.AugAssign(target=ast.Name(id=found)) if found == name:
                values.append(None)
            case ast.Subscript(value=ast.Name(id=found), ctx=ast.Store()) if found == name:
                values.append(None)
            case ast.Attribute(value=ast.Name(id=found), attr="update" | "setdefault") if found == name:
                values.append(None)
            case ast.Call(func=function, args=given) if getattr(function, "attr", "") not in SENDERS:
                is_handed_on |= any(isinstance(one, ast.Name) and one.id == name for one in given)
    if len(annotations) == 1 and not values:
        return None, ast.unparse(annotations[0])
    fields, kind_name = _payload(values[0], scope, 1) if len(values) == 1 and not annotations else (None, "")
    return None if is_handed_on else fields, kind_name


def _taken(function: ast.FunctionDef | ast.AsyncFunctionDef) -> tuple[str, tuple[tuple[str, int], ...]]:
    """Answer with the type that a callback takes, or with the keys that it takes out of a dict."""
    parameters = [one for one in [*function.args.posonlyargs, *function.args.args] if one.arg != "self"]
    if not parameters:
        return "", ()
    first = parameters[0]
    is_quoted = isinstance(first.annotation, ast.Constant) and isinstance(first.annotation.value, str)
    annotation = ast.unparse(first.annotation).strip("'" * is_quoted) if first.annotation else ""
    if annotation and not annotation.startswith(("dict", "Dict", "Any")):
        return annotation, ()
    return "", tuple(_reads(function, first.arg))


def _reads(function: ast.AST, name: str) -> list[tuple[str, int]]:
    """List the keys that are taken out of a dict; those that the function looks for, or sets, it can do without."""
    reads, own = list[tuple[str, int]](), set[str]()
    for node in ast.walk(function):
        match node:
            case ast.Name(id=found, ctx=ast.Store()) if found == name:
                return []  # it may be another dict then
            case ast.ExceptHandler(type=ast.expr() as kind) if "KeyError" in ast.unparse(kind):
                return []
            case ast.Subscript(value=ast.Name(id=found), slice=ast.Constant(value=str() as key)) if found == name:
                if isinstance(node.ctx, ast.Load):
                    reads.append((key, node.lineno))
                else:
                    own.add(key)
            case ast.Compare(left=ast.Constant(value=str() as key), comparators=[ast.Name(id=found)]) if found == name:
                own.add(key)
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id=found), attr="get" | "setdefault"),
                args=[ast.Constant(value=str() as key), *_],
            ) if found == name:
                own.add(key)
    return [one for one in reads if one[0] not in own]
