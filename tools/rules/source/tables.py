"""The tables that a text of SQL creates and writes."""

import ast
import re
from collections.abc import Iterator

from tools.rules.source.source import Source

_NAME = r'(?:"?\w+"?\.)?["`\[]?(?P<table>\w+)["`\]]?'
_CREATE = re.compile(rf"\bCREATE\s+(?:UNLOGGED\s+)?TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?{_NAME}", re.IGNORECASE)
_WRITE = [
    re.compile(rf"\b(?:INSERT\s+(?:OR\s+\w+\s+)?|REPLACE\s+|MERGE\s+)INTO\s+{_NAME}", re.IGNORECASE),
    re.compile(rf"\bUPDATE\s+(?:OR\s+\w+\s+)?(?:ONLY\s+)?{_NAME}(?:\s+(?:AS\s+)?(?!SET\b)\w+)?\s+SET\b", re.IGNORECASE),
    re.compile(rf"\b(?:DELETE\s+FROM|TRUNCATE\s+TABLE|ALTER\s+TABLE|DROP\s+TABLE)\s+(?:IF\s+EXISTS\s+)?{_NAME}", re.I),
]
_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)


def created(sql: str) -> list[tuple[str, int]]:
    """List the tables that a text creates, and on which of its lines.

    >>> created("CREATE TABLE IF NOT EXISTS Notes (id INTEGER) -- CREATE TABLE a")
    [('notes', 1)]
    """
    return list(_found(_CREATE, _plain(sql)))


def written(sql: str) -> list[tuple[str, int]]:
    """List the tables whose rows, or columns, a text changes.

    >>> written("WITH a AS (SELECT 1) UPDATE users AS u SET x = 1")
    [('users', 1)]
    """
    text = _plain(sql)
    return [hit for pattern in _WRITE for hit in _found(pattern, text)]


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


def _found(pattern: re.Pattern[str], text: str) -> Iterator[tuple[str, int]]:
    for hit in pattern.finditer(text):
        yield hit["table"].lower(), text.count("\n", 0, hit.start()) + 1


def _plain(sql: str) -> str:
    """Blank out comments, and keep the lines."""
    return _COMMENT.sub(lambda hit: "\n" * hit[0].count("\n"), sql)
