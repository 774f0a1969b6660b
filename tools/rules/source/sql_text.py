"""SQL that is put together from values: what a client sends could become a part of the statement."""

import ast
from collections.abc import Iterator, Mapping

from hookspecs import Finding
from tools.rules.source.names import own_nodes
from tools.rules.source.source import Source

METHODS = ("query", "query_one", "execute", "execute_many", "stream")


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
    """Map the names that a function sets once to what it sets them to."""
    found: dict[str, list[ast.expr]] = {}
    for node in own_nodes(scope):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    found.setdefault(target.id, []).append(node.value)
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            found.setdefault(node.target.id, []).append(node.value)
    return {name: ast.Tuple(values) for name, values in found.items()}


def _is_fixed(node: ast.expr, known: Mapping[str, ast.expr]) -> bool:
    """Tell whether nothing but constants is in a text; what is no text, such as a Core statement, is fixed."""
    if isinstance(node, ast.JoinedStr):
        return all(_is_constant(one.value, known) for one in node.values if isinstance(one, ast.FormattedValue))
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        sides = [node.left, node.right]
        return not any(map(_is_text, sides)) or all(_is_constant(one, known) for one in sides)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        return not _is_text(node.left) or _is_constant(node.right, known)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
        parts = [*node.args, *(one.value for one in node.keywords)]
        return not _is_text(node.func.value) or all(_is_constant(one, known) for one in parts)
    if isinstance(node, ast.IfExp):
        return _is_fixed(node.body, known) and _is_fixed(node.orelse, known)
    if isinstance(node, ast.Tuple):
        return all(_is_fixed(one, known) for one in node.elts)
    if isinstance(node, ast.Name) and node.id in known:
        return _is_fixed(known[node.id], {name: value for name, value in known.items() if name != node.id})
    return True


def _is_text(node: ast.expr) -> bool:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _is_text(node.left) or _is_text(node.right)
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _is_constant(node: ast.expr, known: Mapping[str, ast.expr]) -> bool:
    """Tell whether a part of a text is the same whoever asks: a literal, a CONSTANT, or a row of placeholders."""
    if isinstance(node, ast.Name):
        others = {name: value for name, value in known.items() if name != node.id}
        return node.id.isupper() or (node.id in known and _is_constant(known[node.id], others))
    if isinstance(node, ast.Attribute):
        return node.attr.isupper()
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        return isinstance(node.left, ast.List) or _is_constant(node.left, known)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "join":
        return _is_constant(node.func.value, known) and all(_is_constant(one, known) for one in node.args)
    if isinstance(node, ast.GeneratorExp | ast.ListComp):
        return _is_constant(node.elt, known)
    if isinstance(node, ast.Tuple | ast.List):
        return all(_is_constant(one, known) for one in node.elts)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _is_constant(node.left, known) and _is_constant(node.right, known)
    return isinstance(node, ast.Constant) or (isinstance(node, ast.JoinedStr) and _is_fixed(node, known))
