"""Calls of a tool whose result is used, or dropped, without `await`."""

import ast
from collections.abc import Iterator

from tools.rules.reading import Use
from tools.rules.source.source import Source


def uses(source: Source) -> Iterator[Use]:
    """Yield each, where a coroutine would make no sense; which methods give one, the tool's contract says."""
    for node in ast.walk(source.tree):
        for value in _consumed(node):
            if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
                is_own = isinstance(value.func.value, ast.Attribute)  # `self.db`, and no local name
                if is_own and (tool := source.tool_of(value.func.value)):
                    yield Use(tool, value.func.attr, value.lineno)


def _consumed(node: ast.AST) -> list[ast.expr]:
    """List what stands where only a value makes sense: in a condition, looked into, calculated with; dropped."""
    match node:
        case ast.Expr(value=one) | ast.Subscript(value=one) | ast.Attribute(value=one) | ast.FormattedValue(value=one):
            return [one]
        case ast.If(test=one) | ast.While(test=one) | ast.IfExp(test=one) | ast.Assert(test=one):
            return [one]
        case ast.UnaryOp(operand=one) | ast.For(iter=one) | ast.Starred(value=one):
            return [one]
        case ast.comprehension(iter=one, is_async=0):
            return [one]
        case ast.BoolOp(values=several):
            return several
        case ast.BinOp(left=left, right=right):
            return [left, right]
        case ast.Compare(left=left, comparators=several):
            return [left, *several]
    return []
