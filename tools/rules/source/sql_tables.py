"""The tables that a text of SQL creates and writes."""

import re
from collections.abc import Iterator

_NAME = r'(?:"?\w+"?\.)?["`\[]?(?P<table>\w+)["`\]]?'
_CREATE = re.compile(rf"\bCREATE\s+(?:UNLOGGED\s+|VIRTUAL\s+)?TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?{_NAME}", re.IGNORECASE)
_WRITE = [
    re.compile(rf"\b(?:INSERT\s+(?:OR\s+\w+\s+)?|REPLACE\s+|MERGE\s+)INTO\s+{_NAME}", re.IGNORECASE),
    re.compile(rf"\bUPDATE\s+(?:OR\s+\w+\s+)?(?:ONLY\s+)?{_NAME}(?:\s+(?:AS\s+)?(?!SET\b)\w+)?\s+SET\b", re.IGNORECASE),
    re.compile(
        rf"\b(?:DELETE\s+FROM|TRUNCATE(?:\s+TABLE)?|ALTER\s+TABLE|DROP\s+TABLE)\s+(?:IF\s+EXISTS\s+)?{_NAME}", re.I
    ),
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


def _found(pattern: re.Pattern[str], text: str) -> Iterator[tuple[str, int]]:
    for hit in pattern.finditer(text):
        yield hit["table"].lower(), text.count("\n", 0, hit.start()) + 1


def _plain(sql: str) -> str:
    """Blank out comments, and keep the lines."""
    return _COMMENT.sub(lambda hit: "\n" * hit[0].count("\n"), sql)
