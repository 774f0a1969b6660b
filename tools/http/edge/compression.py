"""Compresses answers with zstd, br or gzip, by starlette-compress; off unless asked for.

Where an answer holds a secret beside text of the client's, its compressed length tells the secret byte by byte (BREACH,
CVE-2013-3587): switch it on where a gateway does not do it already and answers do not mix the two.
"""

from collections.abc import Awaitable
from typing import Any, NamedTuple

from starlette_compress import CompressMiddleware

from hookspecs import ASGIApp

MINIMUM_SIZE = 1_024  # below a packet there is nothing to win
_PLAIN_SEND = "tools.http.edge.compression.send"


class Compression:
    """Compresses what is text and not small; never a stream, a range, or what is encoded already."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._compress = CompressMiddleware(_Uncompressed(app), minimum_size=MINIMUM_SIZE)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope = {**scope, "headers": _strong_again(scope["headers"])}
        if scope["method"] == "HEAD":
            await self._app(scope, receive, _Unmeasured(send))
            return
        scope[_PLAIN_SEND] = send
        await self._compress(scope, receive, _Weakened(send).__call__)


def _strong_again(headers: Any) -> list[tuple[bytes, bytes]]:
    """Take back in `If-Match` what `_Weakened` did to an ETag: weak ones match nothing there (RFC 9110 13.1.1)."""
    return [(name, value.replace(b'W/"', b'"') if name == b"if-match" else value) for name, value in headers]


class _Uncompressed:
    """The app, as the middleware sees it: it may change each message in place, and gets no event stream."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        scope = dict(scope)
        await self._app(scope, receive, _Chosen(send, scope.pop(_PLAIN_SEND)))


class _Chosen:
    def __init__(self, compressed: Any, plain: Any) -> None:
        self._send, self._plain = compressed, plain

    def __call__(self, message: Any) -> Awaitable[None]:
        message = dict(message)
        if message["type"] == "http.response.start":
            message["headers"] = headers = list(message.get("headers", ()))
            is_live = not any(name == b"content-length" for name, _ in headers)  # a compressor would hold it back
            if is_live or any(map(_is_left_alone, headers)):
                self._send = self._plain
        sent: Awaitable[None] = self._send(message)
        return sent


def _is_left_alone(header: tuple[bytes, bytes]) -> bool:
    name, value = header
    return name == b"content-encoding" or (name == b"content-type" and value.startswith(b"text/event-stream"))


class _Weakened(NamedTuple):
    """Makes the ETag of what was compressed weak: other bytes may not have the same strong one (RFC 9110 8.8.3.3)."""

    send: Any

    async def __call__(self, message: Any) -> None:
        headers = message.get("headers", ())
        if any(name == b"content-encoding" for name, _ in headers):
            message = {**message, "headers": _weak(headers)}
        await self.send(message)


class _Unmeasured(NamedTuple):
    """The `send` of a HEAD: as the GET that might be compressed, whose length nobody knows (RFC 9110 section 8.6)."""

    send: Any

    async def __call__(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            headers = [pair for pair in message.get("headers", ()) if pair[0] != b"content-length"]
            message = {**message, "headers": [*_weak(headers), (b"vary", b"Accept-Encoding")]}
        await self.send(message)


def _weak(headers: Any) -> list[tuple[bytes, bytes]]:
    return [
        (name, b"W/" + value if name == b"etag" and not value.startswith(b"W/") else value) for name, value in headers
    ]
