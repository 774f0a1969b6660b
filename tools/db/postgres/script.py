"""Reads a file of SQL as PostgreSQL does: dollar-quoted bodies, nested comments, `E'...'`; and splits it at `;`."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from tools.db.statement import Token

_TOKEN = re.compile(
    r"""
      (?P<space>   \s+ | --[^\n]* )
    | (?P<comment> /\* )
    | (?P<literal> [eE]'(?:[^'\\]|\\.|'')*'? | '[^']*(?:''[^']*)*'? | \$(?P<tag>|[^\W\d]\w*)\$.*?(?:\$(?P=tag)\$|\Z) )
    | (?P<quoted>  "[^"]*(?:""[^"]*)*"? )
    | (?P<word>    [^\W\d][\w$]* )
    | (?P<number>  \d[\w.]* )
    | (?P<sign>    . )
    """,
    re.VERBOSE | re.DOTALL,
)
_COMMENT_EDGE = re.compile(r"/\*|\*/")
_WITH_BODY = frozenset({"FUNCTION", "PROCEDURE", "TRIGGER"})
"""`BEGIN ATOMIC ... END`, and SQLite's triggers: those are refused whole, not cut into pieces."""


class Statement(NamedTuple):
    """A statement of a file: from its first token to its last, without the `;`."""

    line: int
    text: str


def tokens(sql: str) -> Iterator[Token]:
    """Give the parts of `sql` that count: no comments, no blanks.

    >>> [part.text for part in tokens("DO $$ a; b $$ /* c /* d */ e */ -- f")]
    ['DO', '$$ a; b $$']
    """
    depth = place = 0
    while match := _TOKEN.match(sql, place):
        kind, text, place = str(match.lastgroup), match.group(), match.end()
        if kind == "comment":
            place = _comment_end(sql, place)
        elif kind != "space":
            depth -= text == ")"
            yield Token(kind, text, place, depth)
            depth += text == "("


def statements(sql: str) -> Iterator[Statement]:
    r"""Split a file at the `;` that end a statement.

    >>> [one.line for one in statements("-- first\nSELECT ';';\n\nDO $$ x; $$")]
    [2, 4]
    """
    parts: list[Token] = []
    bodies = 0
    for part in tokens(sql):
        if part.text == ";" and part.depth <= 0 and not bodies:
            yield from _statement(sql, parts)
            parts = []
            continue
        parts.append(part)
        bodies = _bodies(parts, bodies)
    yield from _statement(sql, parts)


def _comment_end(sql: str, place: int) -> int:
    depth = 1
    while depth:
        edge = _COMMENT_EDGE.search(sql, place)
        if edge is None:
            return len(sql)
        depth += 1 if edge.group() == "/*" else -1
        place = edge.end()
    return place


def _bodies(parts: list[Token], bodies: int) -> int:
    """How many `END` are to come; psql counts in the same way."""
    word = parts[-1].text.upper() if parts[-1].kind == "word" else ""
    if word == "BEGIN" or (word == "CASE" and bodies):
        head = [part.text.upper() for part in parts[:5]]
        return bodies + (head[:1] == ["CREATE"] and not _WITH_BODY.isdisjoint(head))
    return bodies - (word == "END" and bodies > 0)


def _statement(sql: str, parts: list[Token]) -> Iterator[Statement]:
    if parts:
        start = parts[0].end - len(parts[0].text)
        yield Statement(sql.count("\n", 0, start) + 1, sql[start : parts[-1].end])
