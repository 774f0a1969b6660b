"""SQL that is put together from values: what a client sends could become a part of the statement."""

import ast
from collections.abc import Iterator, Mapping

from hookspecs import Finding
from tools.rules.source.names import own_nodes
from tools.rules.source.source import Source

METHODS = ("query", "query_one", "execute", "execute_many", "stream")
WRAPPERS = ("dedent", "cleandoc", "str", "text")
MAKERS = ("format", "join", "replace")
CUTTERS = ("strip", "lstrip", "rstrip", "removeprefix", "removesuffix")
ADDERS = ("append", "extend", "insert")


def sql_text(source: Source) -> Iterator[Finding]:
    """Warn of a statement handed to `db` that has anything but constants and placeholders in it."""
    for scope, call in source.calls:
        if (
            isinstance(call.func, ast.Attribute)
            and call.func.attr in METHODS
            and source.tool_of(call.func.value) == "db"
            and not all(_is_fixed(one, {**source.names.constants, **_assigned(scope)}) for one in _statement(call))
        ):
            remedy = "write `?`, and pass the value as a parameter"
            yield source.warning("sql-text", call, f"the SQL of {call.func.attr} is made of values: {remedy}")


def _statement(call: ast.Call) -> list[ast.expr]:
    return call.args[:1] or [one.value for one in call.keywords if one.arg == "sql"]


def _assigned(scope: ast.AST) -> Mapping[str, ast.expr]:
    """Map the names that a function sets to all that it sets them to, adds to them, or takes them from in a loop."""
    found: dict[str, list[ast.expr]] = {}
    for node in own_nodes(scope):
        match node:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    _note(found, target, value)
            case ast.AnnAssign(target=target, value=ast.expr() as value) | ast.NamedExpr(target=target, value=value):
                _note(found, target, value)
            case ast.AugAssign(target=target, value=value):  # what is added to a text is a part of it
                _note(found, target, ast.BinOp(ast.Constant(""), node.op, value))
            case ast.For(target=target, iter=ast.Tuple(elts=values) | ast.List(elts=values)):
                _note(found, target, *values)
            case ast.Call(func=ast.Attribute(value=target, attr=attr), args=values) if attr in ADDERS:
                _note(found, target, *values)
    return {name: ast.Tuple(values) for name, values in found.items()}


def _note(found: dict[str, list[ast.expr]], target: ast.expr, *values: ast.expr) -> None:
    if isinstance(target, ast.Name):
        found.setdefault(target.id, []).extend(values)


def _is_fixed(node: ast.expr, known: Mapping[str, ast.expr]) -> bool:
    """Tell whether nothing but constants is put together; what is no text, such as a Core statement, is fixed."""
    match node:
        case ast.JoinedStr(values=values):
            return all(_is_constant(one.value, known) for one in values if isinstance(one, ast.FormattedValue))
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _is_constant(left, known) and _is_constant(right, known)
        case ast.BinOp(left=left, op=ast.Mod(), right=right):
            return _is_fixed(left, known) and _is_constant(right, known)
        case ast.Call():
            return _is_fixed_call(node, known)
        case ast.IfExp(body=one, orelse=other):
            return _is_fixed(one, known) and _is_fixed(other, known)
        case ast.Tuple(elts=several):
            return all(_is_fixed(one, known) for one in several)
        case ast.NamedExpr(value=value):
            return _is_fixed(value, known)
        case ast.Name(id=name) if name in known:
            return _is_fixed(known[name], _without(name, known))
    return True


def _is_fixed_call(node: ast.Call, known: Mapping[str, ast.expr]) -> bool:
    """Look at calls that answer with a text that is made of another one; any other makes what it likes."""
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name in WRAPPERS:
        return all(_is_fixed(one, known) for one in node.args)
    if not isinstance(node.func, ast.Attribute) or name not in (*MAKERS, *CUTTERS):
        return True
    parts = [*node.args, *(one.value for one in node.keywords)]
    return _is_fixed(node.func.value, known) and all(_is_constant(one, known) for one in parts)


def _is_constant(node: ast.expr, known: Mapping[str, ast.expr]) -> bool:
    """Tell whether a part of a text is the same whoever asks: a literal, a CONSTANT, or a row of placeholders."""
    match node:
        case ast.Name(id=name):
            return name.isupper() or (name in known and _is_constant(known[name], _without(name, known)))
        case ast.Attribute(attr=name):
            return name.isupper()
        case ast.BinOp(left=left, op=ast.Mult()):
            return isinstance(left, ast.List) or _is_constant(left, known)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _is_constant(left, known) and _is_constant(right, known)
        case ast.Call(func=ast.Attribute(value=value, attr=name)) if name in ("join", *CUTTERS):
            return _is_constant(value, known) and all(_is_constant(one, known) for one in node.args)
        case ast.GeneratorExp(elt=value) | ast.ListComp(elt=value) | ast.Subscript(value=value, slice=ast.Slice()):
            return _is_constant(value, known)
        case ast.IfExp(body=one, orelse=other):
            return _is_constant(one, known) and _is_constant(other, known)
        case ast.Tuple(elts=several) | ast.List(elts=several) | ast.BoolOp(values=several):
            return all(_is_constant(one, known) for one in several)
    return isinstance(node, ast.Constant) or (isinstance(node, ast.JoinedStr) and _is_fixed(node, known))


def _without(name: str, known: Mapping[str, ast.expr]) -> Mapping[str, ast.expr]:
    """Look no name up inside of what it stands for."""
    return {other: value for other, value in known.items() if other != name}
