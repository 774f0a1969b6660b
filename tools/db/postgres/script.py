"""Splits a file of SQL at `;` as PostgreSQL does: not in bodies, literals and comments."""

from collections.abc import Iterator, Sequence

from tools.db.migrations.script import Statement, split
from tools.db.tokens import Token, tokens

_WITH_BODY = frozenset({"FUNCTION", "PROCEDURE", "TRIGGER"})
"""`BEGIN ATOMIC ... END`, and SQLite's triggers: those are refused whole, not cut into pieces."""


def statements(sql: str) -> Iterator[Statement]:
    r"""Split a file at the `;` that end a statement.

    >>> [one.line for one in statements("-- first\nSELECT ';';\n\nDO $$ x; $$")]
    [2, 4]
    """
    return split(sql, tokens(sql, "postgresql"), _is_open)


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
