"""The head of an answer as bytes, without looking twice at headers that are the same in every answer.

uvicorn checks each header of each answer by two regular expressions, which takes longer than an endpoint does. Here a
header is checked, and written as its line, once; only lengths, request ids and the like are new each time.
"""

from collections.abc import Sequence
from typing import Any

from uvicorn.protocols.http.httptools_impl import HEADER_RE, HEADER_VALUE_RE, STATUS_LINE

Pair = tuple[bytes, bytes]

MOST_LINES, LONGEST_LINE = 1_024, 256
FRAMING = frozenset({b"connection", b"transfer-encoding"})
EVER_NEW = frozenset({
    b"x-request-id", b"date", b"etag", b"age", b"set-cookie", b"location", b"retry-after", b"last-modified",
})  # fmt: skip
_LINES: dict[Pair, bytes] = {}
_NAMES: set[bytes] = set()


class AnswerHead:
    """Writes heads for one process; the server's own headers are a new list only once a second."""

    def __init__(self) -> None:
        self._server_headers: Sequence[Pair] = ()
        self._server_lines: bytes | None = b""

    def write(self, status: int, server_headers: Sequence[Pair], given: Any) -> tuple[bytes, int] | None:
        """Give the head and the length that it declares; None where it is not plain, which is then uvicorn's."""
        if server_headers is not self._server_headers:
            self._server_headers, self._server_lines = server_headers, _lines(server_headers)
        if self._server_lines is None or type(given) not in (list, tuple):
            return None
        length, parts = -1, [STATUS_LINE[status], self._server_lines]
        try:
            for pair in given:
                line = _LINES.get(pair)
                if line is None:
                    name, value = pair
                    if name == b"content-length" and length < 0 and value.isdigit():  # of two the first counts
                        length = int(value)
                        line = b"content-length: %b\r\n" % value
                    else:
                        line = _line(name, value)
                        if line is None:
                            return None
                parts.append(line)
        except TypeError:  # ASGI lets an app write pairs as lists, which are no keys
            return None
        if length < 0:
            return None
        parts.append(b"\r\n")
        return b"".join(parts), length


def _lines(pairs: Sequence[Pair]) -> bytes | None:
    lines = [_line(name, value) for name, value in pairs]
    return None if None in lines else b"".join(line for line in lines if line)


def _line(name: bytes, value: bytes) -> bytes | None:
    """Check a header and write its line; None for one that says how the message is framed, or cannot be."""
    name = name.lower()
    if name not in _NAMES:
        if HEADER_RE.search(name) or name in FRAMING or name == b"content-length":
            return None
        if len(_NAMES) < MOST_LINES:
            _NAMES.add(name)
    if not value.isalnum() and HEADER_VALUE_RE.search(value):  # a request id takes the shorter look
        return None
    line = b"%b: %b\r\n" % (name, value)
    if name not in EVER_NEW and len(line) <= LONGEST_LINE:
        if len(_LINES) >= MOST_LINES:  # an app that sends ever new ones, such as `content-range`, makes all learn again
            _LINES.clear()
        _LINES[name, value] = line
    return line
