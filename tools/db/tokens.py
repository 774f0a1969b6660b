"""The parts of SQL that count, as each engine reads them: literals, quoted names and comments are not taken apart."""

import re
from collections.abc import Iterator
from typing import NamedTuple

_PATTERN = r"""
      (?P<space>   \s+ | --[^\n]* )
    | (?P<comment> /\* )
    | (?P<literal> '[^']*(?:''[^']*)*'? POSTGRES_LITERAL )
    | (?P<quoted>  "[^"]*(?:""[^"]*)*"? SQLITE_QUOTED )
    | (?P<strange> \?\d+ | [@$]\w+ )
    | (?P<cast>    :: )
    | (?P<escaped> \?\? )
    | (?P<mark>    \? )
    | (?P<named>   :[^\W\d]\w* )
    | (?P<word>    [^\W\d][\w$]* )
    | (?P<number>  \d[\w.]* )
    | (?P<sign>    . )
"""
_LITERAL = r"| [eE]'(?:[^'\\]|\\.|'')*'? | \$(?P<tag>|[^\W\d]\w*)\$.*?(?:\$(?P=tag)\$|\Z)"
_QUOTED = r"| `[^`]*(?:``[^`]*)*`? | \[[^\]]*\]?"
_PATTERNS = {
    "sqlite": _PATTERN.replace("POSTGRES_LITERAL", "").replace("SQLITE_QUOTED", _QUOTED),
    "postgresql": _PATTERN.replace("POSTGRES_LITERAL", _LITERAL).replace("SQLITE_QUOTED", ""),
}
_TOKEN = {dialect: re.compile(pattern, re.VERBOSE | re.DOTALL) for dialect, pattern in _PATTERNS.items()}
_COMMENT_EDGE = {"sqlite": re.compile(r"\*/"), "postgresql": re.compile(r"/\*|\*/")}


class Token(NamedTuple):
    """A part of a statement that counts; `depth` is that of the parentheses around it."""

    kind: str
    text: str
    end: int
    depth: int

    @property
    def name(self) -> str:
        """The identifier without its quotes."""
        if self.kind != "quoted":
            return self.text
        quote = self.text[-1]
        return self.text[1:-1].replace(quote * 2, quote)


def tokens(sql: str, dialect: str = "sqlite") -> Iterator[Token]:
    """Give the parts of `sql` that count: no comments, no blanks.

    >>> [part.text for part in tokens("DO $$ a; b $$ /* c /* d */ e */ -- f", "postgresql")]
    ['DO', '$$ a; b $$']
    """
    pattern, depth, place = _TOKEN[dialect], 0, 0
    while match := pattern.match(sql, place):
        kind, text, place = str(match.lastgroup), match.group(), match.end()
        if kind == "comment":
            place = _comment_end(sql, place, _COMMENT_EDGE[dialect])
        elif kind != "space":
            depth -= text == ")"
            yield Token(kind, text, place, depth)
            depth += text == "("


def _comment_end(sql: str, place: int, edges: re.Pattern[str]) -> int:
    """Where a comment ends; on PostgreSQL there may be others in it."""
    depth = 1
    while depth:
        edge = edges.search(sql, place)
        if edge is None:
            return len(sql)
        depth += 1 if edge.group() == "/*" else -1
        place = edge.end()
    return place
