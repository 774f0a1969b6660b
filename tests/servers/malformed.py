"""Requests that a server must not guess about: each is answered as said here, and its connection is closed."""

from collections.abc import Mapping
from typing import NamedTuple

LINE, HOST, END = b"GET /health/live HTTP/1.1\r\n", b"Host: localhost\r\n", b"\r\n"
POST = b"POST /users HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
LAST = b"0\r\n\r\n"
GOOD = LINE + HOST + END
UPGRADE = b"Connection: upgrade\r\nUpgrade: "


class Case(NamedTuple):
    """What is sent, and the status of the answer."""

    data: bytes
    status: int = 400


def _lines(*lines: bytes) -> bytes:
    return LINE + b"\r\n".join((*lines, b"", b""))


BORDERS = {
    "length and chunks": Case(POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" + LAST),
    "chunks and length": Case(POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n" + LAST),
    "two lengths": Case(POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}}"),
    "the same length twice": Case(POST + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}"),
    "a list of lengths": Case(POST + b"Content-Length: 2, 2\r\n\r\n{}"),
    "a length with a sign": Case(POST + b"Content-Length: +2\r\n\r\n{}"),
    "a negative length": Case(POST + b"Content-Length: -2\r\n\r\n{}"),
    "a hexadecimal length": Case(POST + b"Content-Length: 0x2\r\n\r\n{}"),
    "a length in two words": Case(POST + b"Content-Length: 2 2\r\n\r\n{}"),
    "an empty length": Case(POST + b"Content-Length:\r\n\r\n{}"),
    "a length over 64 bits": Case(POST + b"Content-Length: 99999999999999999999999\r\n\r\n{}"),
    "xchunked": Case(POST + b"Transfer-Encoding: xchunked\r\n\r\n" + LAST),
    "identity": Case(POST + b"Transfer-Encoding: identity\r\n\r\n{}"),
    "gzip before chunked": Case(POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + LAST),
    "chunked twice": Case(POST + b"Transfer-Encoding: chunked, chunked\r\n\r\n" + LAST),
    "two codings": Case(POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n" + LAST),
    "an empty coding": Case(POST + b"Transfer-Encoding:\r\n\r\n" + LAST),
    "a coding after a control character": Case(POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n" + LAST),
    "a coding on a folded line": Case(POST + b"Transfer-Encoding:\r\n chunked\r\n\r\n" + LAST),
    "a coding with a space before the colon": Case(POST + b"Transfer-Encoding : chunked\r\n\r\n" + LAST),
    "chunks in HTTP/1.0": Case(POST.replace(b"HTTP/1.1", b"HTTP/1.0") + b"Transfer-Encoding: chunked\r\n\r\n" + LAST),
    "a negative chunk": Case(CHUNKED + b"-1\r\na\r\n" + LAST),
    "a chunk size with 0x": Case(CHUNKED + b"0x1\r\na\r\n" + LAST),
    "a chunk size over 64 bits": Case(CHUNKED + b"fffffffffffffffff\r\na\r\n" + LAST),
    "an empty chunk size": Case(CHUNKED + b"\r\na\r\n" + LAST),
    "a space after a chunk size": Case(CHUNKED + b"1 \r\na\r\n" + LAST),
    "chunks that end in LF": Case(CHUNKED + b"1\na\n0\n\n"),
    "a chunk longer than its size": Case(CHUNKED + b"1\r\nab" + LAST),
    "LF in a chunk's extension": Case(CHUNKED + b"1;a\nb\r\na\r\n" + LAST),
    "a length among the trailers": Case(CHUNKED + b"0\r\nContent-Length: 5\r\n\r\n"),
    "endless extensions": Case(CHUNKED + b"1;" + b"a" * 200_000, 431),
    "endless trailers": Case(CHUNKED + b"0\r\n" + b"x: y\r\n" * 40_000, 431),
}
LINES = {
    "bare LF": Case(b"GET /health/live HTTP/1.1\nHost: localhost\n\n"),
    "bare LF after a header": Case(LINE + b"Host: localhost\nX: y\r\n\r\n"),
    "bare LF at the end": Case(LINE + HOST + b"\n"),
    "bare CR": Case(LINE + b"Host: localhost\rX: y\r\n\r\n"),
    "CR CR LF": Case(LINE + b"Host: localhost\r\r\n\r\n"),
    "a folded header": Case(_lines(b"Host: localhost", b"X: y", b" z")),
    "a header folded by a tab": Case(_lines(b"Host: localhost", b"X: y", b"\tz")),
    "a space before the first header": Case(_lines(b" Host: localhost")),
    "a space before the colon": Case(_lines(b"Host : localhost")),
    "a header without a colon": Case(_lines(b"Host: localhost", b"nothing")),
    "a header without a name": Case(_lines(b"Host: localhost", b": y")),
    "a header name with brackets": Case(_lines(b"Host: localhost", b"X(): y")),
    "NUL in a header": Case(_lines(b"Host: localhost", b"X: a\0b")),
    "NUL in a header's name": Case(_lines(b"Host: localhost", b"X\0: y")),
    "NUL in the URL": Case(b"GET /\0 HTTP/1.1\r\n" + HOST + END),
    "a control character in a header": Case(_lines(b"Host: localhost", b"X: a\x01b")),
    "DEL in a header": Case(_lines(b"Host: localhost", b"X: a\x7fb")),
    "a byte over 127 in the URL": Case(b"GET /\xff HTTP/1.1\r\n" + HOST + END),
    "a URL that is no path": Case(b"GET health HTTP/1.1\r\n" + HOST + END),
    "a backslash for a slash": Case(b"GET \\health HTTP/1.1\r\n" + HOST + END),
    "tabs in the request line": Case(b"GET\t/health/live\tHTTP/1.1\r\n" + HOST + END),
    "a space before the method": Case(b" " + GOOD),
    "a method in lower case": Case(b"get /health/live HTTP/1.1\r\n" + HOST + END),
    "a method that nobody knows": Case(b"FROB /health/live HTTP/1.1\r\n" + HOST + END),
    "CONNECT": Case(b"CONNECT localhost:80 HTTP/1.1\r\n" + HOST + END, 501),
}
VERSIONS = {
    "HTTP/0.9": Case(b"GET /health/live\r\n\r\n", 505),
    "HTTP/0.9 by name": Case(b"GET /health/live HTTP/0.9\r\n" + HOST + END, 505),
    "HTTP/2.0 by name": Case(b"GET /health/live HTTP/2.0\r\n" + HOST + END, 505),
    "HTTP/2.0 that keeps the connection": Case(
        b"GET /health/live HTTP/2.0\r\nConnection: keep-alive\r\n" + HOST + END, 505
    ),
    "HTTP/1.2": Case(b"GET /health/live HTTP/1.2\r\n" + HOST + END),
    "HTTP/1.10": Case(b"GET /health/live HTTP/1.10\r\n" + HOST + END),
    "http in lower case": Case(b"GET /health/live http/1.1\r\n" + HOST + END),
    "the preface of HTTP/2": Case(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    "a TLS handshake": Case(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200)),
    "an SSH greeting": Case(b"SSH-2.0-OpenSSH_9.6\r\n"),
}
HOSTS = {
    "no Host": Case(LINE + END),
    "two Hosts": Case(LINE + HOST + HOST + END),
    "two different Hosts": Case(LINE + HOST + b"Host: evil.example\r\n\r\n"),
    "another Host in the URL": Case(b"GET http://evil.example/health/live HTTP/1.1\r\n" + HOST + END),
    "a Host that is not served": Case(LINE + b"Host: evil.example\r\nConnection: close\r\n\r\n"),
    "an empty Host": Case(LINE + b"Host:\r\nConnection: close\r\n\r\n"),
}
SIZES = {
    "a header of 1 MB": Case(LINE + HOST + b"X: " + b"y" * 1_000_000 + b"\r\n\r\n", 431),
    "20,000 headers": Case(LINE + HOST + b"X: y\r\n" * 20_000 + END, 431),
    "101 headers": Case(LINE + HOST + b"X: y\r\n" * 100 + END, 431),
    "headers of 33 KB": Case(LINE + HOST + b"X: " + b"y" * 33_000 + b"\r\n\r\n", 431),
    "a URL of 9 KB": Case(b"GET /" + b"x" * 9_000 + b" HTTP/1.1\r\n" + HOST + END, 414),
    "a URL of 1 MB": Case(b"GET /" + b"x" * 1_000_000 + b" HTTP/1.1\r\n" + HOST + END, 431),
}
UPGRADES = {
    "a WebSocket with a body": Case(_lines(b"Host: localhost", UPGRADE + b"websocket", b"Content-Length: 3") + b"abc"),
    "a WebSocket in chunks": Case(_lines(b"Host: localhost", UPGRADE + b"websocket", b"Transfer-Encoding: chunked")),
    "a WebSocket and frames at once": Case(_lines(b"Host: localhost", UPGRADE + b"websocket") + b"\x81\x00"),
}
CASES: Mapping[str, Case] = BORDERS | LINES | VERSIONS | HOSTS | SIZES | UPGRADES

LET_THROUGH = {
    "httptools": {
        "gzip before chunked",
        "chunks in HTTP/1.0",
        "endless extensions",
        "HTTP/0.9 by name",
        "HTTP/2.0 by name",
        "HTTP/2.0 that keeps the connection",
        "another Host in the URL",
        "a WebSocket with a body",
        "a WebSocket in chunks",
    },
    "h11": {
        "the same length twice",
        "a list of lengths",
        "a coding on a folded line",
        "chunks in HTTP/1.0",
        "a chunk size over 64 bits",
        "chunks that end in LF",
        "a length among the trailers",
        "bare LF",
        "bare LF after a header",
        "bare LF at the end",
        "a folded header",
        "a header folded by a tab",
        "a control character in a header",
        "DEL in a header",
        "a URL that is no path",
        "a backslash for a slash",
        "a method in lower case",
        "a method that nobody knows",
        "CONNECT",
        "HTTP/0.9 by name",
        "HTTP/2.0 by name",
        "HTTP/2.0 that keeps the connection",
        "HTTP/1.2",
        "an SSH greeting",
        "another Host in the URL",
        "a WebSocket with a body",
        "a WebSocket in chunks",
    },
}
"""What uvicorn's own protocols serve as if it were good, or wait to hear more of; the app refuses the rest of it."""
