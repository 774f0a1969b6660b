"""Reads a file of SQL as PostgreSQL does: dollar-quoted bodies, nested comments, `E'...'`; and splits it at `;`."""

import re
from collections.abc import Iterator, Sequence

from tools.db.migrations.script import Statement, split
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
    return split(sql, tokens(sql), _is_open)


def _comment_end(sql: str, place: int) -> int:
    depth = 1
    while depth:
        edge = _COMMENT_EDGE.search(sql, place)
        if edge is None:
            return len(sql)
        depth += 1 if edge.group() == "/*" else -1
        place = edge.end()
    return place


def _is_open(parts: Sequence[Token], mark: Token) -> bool:
    """Whether a `;` is inside of parentheses, or of a body whose END is to come; psql counts in the same way."""
    if mark.depth > 0 or _WITH_BODY.isdisjoint(part.text.upper() for part in parts[:5]):
        return mark.depth > 0
    bodies = 0
    for word in (part.text.upper() for part in parts if part.kind == "word"):
        if word == "BEGIN" or (word == "CASE" and bodies):
            bodies += 1
        elif word == "END" and bodies:
            bodies -= 1
    return bodies > 0
