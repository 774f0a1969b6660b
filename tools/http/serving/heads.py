"""What a head must keep to, so that every server and proxy agrees where its message ends and whom it is for.

Bare LF, folded headers, spaces before a colon, two lengths, a length beside chunks: llhttp refuses these by itself.
"""

from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple

from tools.http.head import MAX_HEADERS
from tools.http.problem import Problem

Pairs = Sequence[tuple[bytes, bytes]]


class Head(NamedTuple):
    """A request's head as llhttp read it; header names in lower case."""

    method: bytes
    url: bytes
    version: str
    headers: Pairs
    has_upgrade: bool


class Names(IntEnum):
    """What the names of a request's headers say about the borders of its message."""

    ODD = 0  # look at everything
    PLAIN = 1
    WITH_CONNECTION = 2  # plain, but the connection may end with it


ODD_NAMES = frozenset({b"transfer-encoding", b"expect", b"upgrade"})
MOST_KNOWN = 1_024
LONGEST_NAME, LONGEST_NAMES = 64, 2_048  # bytes of what is kept: what is longer comes from nobody who comes again
LOWER: dict[bytes, bytes] = {}
_NAMES: dict[tuple[bytes, ...], Names] = {}


def lower(name: bytes) -> bytes:
    """Give a header's name in lower case, the same object for the same name: then comparing costs nothing."""
    known = LOWER.get(name)
    if known is None:
        known = name.lower()
        if len(name) <= LONGEST_NAME:
            if len(LOWER) >= MOST_KNOWN:  # who sends ever new names makes everybody learn again
                LOWER.clear()
            known = LOWER[name] = LOWER.setdefault(known, known)
    return known


def names_of(names: tuple[bytes, ...]) -> Names:
    """Tell what they say; clients send the same names again and again, so that it is worked out once.

    >>> names_of((b"host", b"accept")).name, names_of((b"host", b"host")).name
    ('PLAIN', 'ODD')
    """
    known = _NAMES.get(names)
    if known is None:
        known = Names.WITH_CONNECTION if b"connection" in names else Names.PLAIN
        if names.count(b"host") != 1 or len(names) > MAX_HEADERS or not ODD_NAMES.isdisjoint(names):
            known = Names.ODD
        if len(names) <= MAX_HEADERS and sum(map(len, names)) <= LONGEST_NAMES:
            if len(_NAMES) >= MOST_KNOWN:
                _NAMES.clear()
            _NAMES[names] = known
    return known


class HeadLimits:
    """How large a head may be; one that came at once in `small_bytes` is within these limits."""

    def __init__(self, headers_bytes: int, url_bytes: int) -> None:
        self.headers_bytes, self.url_bytes = headers_bytes, url_bytes
        self.small_bytes = min(headers_bytes, url_bytes)

    def check(self, head: Head) -> None:
        """Pass a good head.

        Raises:
            Problem: 400, 414, 431, 501 or 505; the connection must be closed.
        """
        if len(head.url) > self.url_bytes:
            raise Problem(414, f"the URL is larger than {self.url_bytes} bytes")
        size = sum(len(name) + len(value) for name, value in head.headers)
        if size > self.headers_bytes or len(head.headers) > MAX_HEADERS:
            raise self.too_large()
        if head.version not in ("1.1", "1.0"):
            raise Problem(505, "speak HTTP/1.1")
        if head.method == b"CONNECT":
            raise Problem(501, "this is no proxy")
        _check_host(head)
        _check_body(head)

    def too_large(self) -> Problem:
        """What is answered to headers over the limit."""
        return Problem(431, f"the headers are larger than {self.headers_bytes} bytes, or more than {MAX_HEADERS}")


def _check_host(head: Head) -> None:
    """RFC 9112 section 3.2: exactly one, and the same as that of a URL in absolute form."""
    hosts = [value for name, value in head.headers if name == b"host"]
    if len(hosts) > 1 or (not hosts and head.version != "1.0"):
        raise Problem(400, "send one Host header")
    _, is_absolute, rest = head.url.partition(b"://")
    if not head.url.startswith(b"/") and is_absolute:
        named = rest.partition(b"/")[0].partition(b"?")[0]
        if [named.lower()] != [host.lower() for host in hosts]:
            raise Problem(400, "the URL and the Host header name different hosts")


def _check_body(head: Head) -> None:
    """RFC 9112 section 6.1: a transfer coding that is not understood, or that HTTP/1.0 does not know."""
    codings = [value.strip().lower() for name, value in head.headers if name == b"transfer-encoding"]
    if codings and (codings != [b"chunked"] or head.version == "1.0"):
        raise Problem(400, "the only Transfer-Encoding that is read is chunked, in HTTP/1.1")
    lengths = [value for name, value in head.headers if name == b"content-length"]
    if head.has_upgrade and (codings or any(value.strip(b"0") for value in lengths)):
        raise Problem(400, "a request for another protocol cannot have a body")
