"""The tables that a file's texts create and write."""

import ast
import re
from collections.abc import Iterator

from tools.rules.source.source import Source
from tools.rules.source.sql_tables import created, written

# what a log line or an error's text may have in it, too
_BEGINNING = re.compile(
    r"(?:\s|--[^\n]*\n|/\*.*?\*/)*(?:INSERT|UPDATE|DELETE|REPLACE|MERGE|WITH|TRUNCATE|ALTER|DROP|CREATE|PRAGMA)\b",
    re.IGNORECASE | re.DOTALL,
)


def tables(source: Source) -> tuple[list[tuple[str, int]], list[tuple[str, int]]]:
    """List what a file's texts create and write; docstrings, and what begins with no word of SQL, are left out."""
    creates, writes = list[tuple[str, int]](), list[tuple[str, int]]()
    for line, text in _texts(source):
        if _BEGINNING.match(text):
            creates += [(table, line) for table, _ in created(text)]
            writes += [(table, line) for table, _ in written(text)]
    return creates, writes


def _texts(source: Source) -> Iterator[tuple[int, str]]:
    tree = source.tree
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs | inside:
            yield node.lineno, node.value
        elif isinstance(node, ast.JoinedStr):
            yield node.lineno, "".join(_part(one, source) for one in node.values)


def _part(node: ast.expr, source: Source) -> str:
    """Write a part of an f-string; what is no constant of the file's own could be anything."""
    if isinstance(node, ast.FormattedValue) and isinstance(node.value, ast.Name):
        node = source.names.constants.get(node.value.id, node)
    return str(node.value) if isinstance(node, ast.Constant) else " ? "
