"""Splits a file of SQL at the `;` that end a statement, in one walk over its tokens."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from tools.db.tokens import Token


class Statement(NamedTuple):
    """A statement of a file: from its first token to its last, without the `;`."""

    line: int
    text: str


def split(sql: str, tokens: Iterable[Token], is_open: Callable[[Sequence[Token], Token], bool]) -> Iterator[Statement]:
    """Give each statement with its line.

    Args:
        sql: the whole file.
        tokens: its tokens, as the engine reads them.
        is_open: tells of the tokens of a statement so far, and a `;`, whether more of the statement follows.
    """
    parts: list[Token] = []
    line, place = 1, 0
    for part in (*tokens, Token("sign", ";", len(sql), 0)):
        is_last = part.end == len(sql) and part.text == ";"
        if part.text != ";" or part.kind != "sign" or (is_open(parts, part) and not is_last):
            parts.append(part)
        elif parts:
            start = parts[0].end - len(parts[0].text)
            line, place = line + sql.count("\n", place, start), start
            yield Statement(line, sql[start : parts[-1].end])
            parts = []
