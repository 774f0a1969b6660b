"""What every request's head must keep to before anything else looks at it (OWASP ASVS 4.2.1; RFC 9112 section 3.2).

A client sends the same header names again and again, in the same order: what follows from the names alone is worked out
once and found again by one lookup (`Shape`), so that a request pays for its values only.
"""

import random
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import count
from typing import Any

from tools.http.problem import Problem

MAX_HEADERS = 100
MOST_SHAPES = 256
Named = Mapping[bytes, bytes]
Texts = tuple[bytes, ...]
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_HOST = re.compile(r"([a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])(?::\d{1,5})?")
_SINGLE = {b"host": 400, b"content-length": 400, b"transfer-encoding": 400, b"authorization": 400, b"content-type": 415}
"""Headers that come once, and what is answered to two of them."""


Shape = tuple[int, int, int, int, int]
"""What the names of a request's headers say. A plain tuple, since a NamedTuple's fields cost four times an index:

0 bytes that values and URL may have, together, and still be within every limit for sure; negative if a name is twice
there, has an underscore, or needs a closer look. Then indexes into the values, or -1: 1 of the host, 2 of the request
id, 3 of the content type, 4 of the content length.
"""


def shape_of(names: tuple[bytes, ...], max_bytes: int = 8_192) -> Shape:
    """Work out what follows from the names, which are in lower case.

    >>> shape_of((b"host", b"content-type"))
    (8176, 0, -1, 1, -1)
    >>> shape_of((b"host", b"x_content"))
    (-1, 0, -1, -1, -1)
    """
    at = {name: index for index, name in enumerate(names)}
    is_plain = (
        b"host" in at
        and len(at) == len(names) <= MAX_HEADERS
        and not any(b"_" in name for name in names)
        and at.keys().isdisjoint((b"transfer-encoding", b"content-encoding", b"cookie"))
    )
    host, request_id, content_length = (at.get(name, -1) for name in (b"host", b"x-request-id", b"content-length"))
    content_type = at.get(b"content-type", -1) if is_plain else -1  # then what checks it looks at all of them
    room = max_bytes - sum(map(len, names)) if is_plain else -1
    return room, host, request_id, content_type, content_length


def request_ids() -> Callable[[], str]:
    """Make a maker of request ids; they are unique, and need not be secret.

    A random part for this maker and a number, of which most is written once for many: random bits for each would cost
    ten times as much.
    """

    def made() -> Iterator[str]:
        own, ends = f"{random.getrandbits(80):020x}", [f"{end:03x}" for end in range(4096)]
        for block in count():
            yield from map(f"{own}{block:09x}".__add__, ends)

    return made().__next__


def given_id(text: bytes) -> str | None:
    """Take the id that a client or a gateway has given to the request, if it is one.

    >>> given_id(b"abc-1"), given_id(b"a b")
    ('abc-1', None)
    """
    return str(text, "ascii") if _REQUEST_ID.fullmatch(text) else None


class HeadCheck:
    """The limits of one http tool, applied to each request."""

    def __init__(self, hosts: frozenset[str], max_headers_bytes: int, max_url_bytes: int) -> None:
        self._hosts, self._max_bytes, self._max_url = hosts, max_headers_bytes, max_url_bytes
        self.known_hosts: set[bytes] = set()  # good ones seen, so that parsing one is paid once
        self.shapes: dict[tuple[bytes, ...], Shape] = {}

    def learn(self, names: tuple[bytes, ...]) -> Shape:
        """Work out a shape and keep it; who sends ever new names drops what is known, and everybody learns again."""
        known = self.shapes.get(names)
        if known is not None:
            return known
        if len(self.shapes) >= MOST_SHAPES:
            self.shapes.clear()
        shape = self.shapes[names] = shape_of(names, min(self._max_bytes, self._max_url))
        return shape

    def check(self, scope: Any, named: Named) -> Problem | None:
        """Answer with what is wrong with a request's head; `named` are its headers by name."""
        headers = scope["headers"]
        size = sum(len(name) + len(value) for name, value in headers)
        wrong = _doubled(name for name, _ in headers) if len(named) < len(headers) else None
        if wrong is not None:
            return wrong
        if size > self._max_bytes or len(headers) > MAX_HEADERS:
            return Problem(431, f"the headers are larger than {self._max_bytes} bytes, or more than {MAX_HEADERS}")
        if len(scope.get("raw_path") or scope["path"]) + len(scope["query_string"]) > self._max_url:
            return Problem(414, f"the URL is larger than {self._max_url} bytes")
        if not _is_text(scope["path"]):
            return Problem(404, "nothing is here")
        if b"content-length" in named and b"transfer-encoding" in named:
            return Problem(400, "send Content-Length or Transfer-Encoding, not both", is_last=True)
        host = named.get(b"host", b"")
        if host not in self.known_hosts and not self._is_known(host):
            return Problem(400, "the Host header does not name this server")
        if any(b"_" in name for name in named):  # a gateway strips X-Forwarded-For, and lets X_Forwarded_For pass
            scope["headers"] = [pair for pair in headers if b"_" not in pair[0]]
        return None

    def _is_known(self, host: bytes) -> bool:
        match = _HOST.fullmatch(str(host, "latin-1").lower())
        is_known = match is not None and (not self._hosts or match[1] in self._hosts)
        if is_known:
            if len(self.known_hosts) >= MOST_SHAPES:  # `localhost:1`, `localhost:2`, ...: the good ones come again
                self.known_hosts.clear()
            self.known_hosts.add(host)
        return is_known


def _is_text(path: str) -> bool:
    """Whether what the server has decoded is text that a database and a log can take."""
    try:
        return "\0" not in path and (path.isascii() or bool(path.encode()))
    except UnicodeEncodeError:  # a lone surrogate: bytes that are no UTF-8, as some servers pass them on
        return False


def _doubled(names: Iterable[bytes]) -> Problem | None:
    seen = set()
    for name in names:
        if name in seen and name in _SINGLE:
            return Problem(_SINGLE[name], f"send one {name.decode().title()} header", is_last=True)
        seen.add(name)
    return None
