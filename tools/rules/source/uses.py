"""Calls of a tool whose result is used, or dropped, without `await`."""

import ast
from collections.abc import Iterator, Sequence

from tools.rules.reading import Use
from tools.rules.source.names import own_nodes
from tools.rules.source.source import Source

BUILT_IN = (
    "all",
    "any",
    "bool",
    "dict",
    "float",
    "int",
    "len",
    "list",
    "max",
    "min",
    "set",
    "sorted",
    "str",
    "sum",
    "tuple",
)


def uses(source: Source) -> Iterator[Use]:
    """Yield each, where a coroutine would make no sense; which methods give one, the tool's contract says."""
    for node in ast.walk(source.tree):
        for value in _consumed(node):
            yield from _use(source, value, value)
    for scope in source.functions:
        yield from _of_names(source, [*own_nodes(scope)])


def _of_names(source: Source, nodes: Sequence[ast.AST]) -> Iterator[Use]:
    """Yield what a name is set to where the function does nothing but consume that name."""
    consumed = [one for node in nodes for one in _consumed(node) if isinstance(one, ast.Name)]
    named = [one for one in nodes if isinstance(one, ast.Name)]
    for node in nodes:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                first = next((one for one in consumed if one.id == name), None)
                others = [one for one in named if one.id == name and one not in consumed]
                if first is not None and others == [node.targets[0]]:
                    yield from _use(source, value, first)


def _use(source: Source, value: ast.expr, at: ast.expr) -> Iterator[Use]:
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
        is_own = isinstance(value.func.value, ast.Attribute)  # `self.db`, and no local name
        if is_own and (tool := source.tool_of(value.func.value)):
            yield Use(tool, value.func.attr, at.lineno)


def _consumed(node: ast.AST) -> list[ast.expr]:
    """List what stands where only a value makes sense: in a condition, looked into, calculated with; dropped."""
    match node:
        case ast.Expr(value=one) | ast.Subscript(value=one) | ast.Attribute(value=one) | ast.FormattedValue(value=one):
            return [one]
        case ast.If(test=one) | ast.While(test=one) | ast.IfExp(test=one) | ast.Assert(test=one):
            return [one]
        case ast.UnaryOp(operand=one) | ast.For(iter=one) | ast.AsyncFor(iter=one) | ast.Starred(value=one):
            return [one]
        case ast.comprehension(iter=one) | ast.Match(subject=one):
            return [one]
        case ast.Call(func=ast.Name(id=name), args=[one, *_]) if name in BUILT_IN:
            return [one]
        case ast.BoolOp(values=several):
            return several
        case ast.BinOp(left=left, right=right):
            return [left, right]
        case ast.Compare(left=left, comparators=several):
            return [left, *several]
    return []
