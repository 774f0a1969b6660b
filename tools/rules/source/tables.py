"""The tables that a file's texts create and write."""

import ast
from collections.abc import Iterator

from tools.rules.source.source import Source
from tools.rules.source.sql_tables import created, written


def tables(source: Source) -> tuple[list[tuple[str, int]], list[tuple[str, int]]]:
    """List what a file's texts create and write, docstrings left out."""
    creates, writes = list[tuple[str, int]](), list[tuple[str, int]]()
    for line, text in _texts(source.tree):
        creates += [(table, line) for table, _ in created(text)]
        writes += [(table, line) for table, _ in written(text)]
    return creates, writes


def _texts(tree: ast.Module) -> Iterator[tuple[int, str]]:
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs | inside:
            yield node.lineno, node.value
        elif isinstance(node, ast.JoinedStr):
            parts = [one.value if isinstance(one, ast.Constant) else " ? " for one in node.values]
            yield node.lineno, "".join(map(str, parts))
