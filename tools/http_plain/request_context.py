"""One request, as handlers and guards see it."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import cached_property
from http.cookies import CookieError
from typing import Any

from starlette.datastructures import Headers, QueryParams
from starlette.requests import Request
from starlette.responses import Response

from tools.http_plain.problem import Problem

_CONTROL = frozenset(map(chr, range(32))) - {"\t"} | {"\x7f"}
_TOKEN = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_FRAMING = frozenset({"connection", "content-length", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"})


class PlainContext:
    """See `contract.Context`."""

    def __init__(self, scope: Any, receive: Any, request_id: str, max_body_bytes: int) -> None:
        self.scope, self.request_id, self.max_body_bytes = scope, request_id, max_body_bytes
        self.path: Mapping[str, str] = {}
        self.claims: Any = None
        self.status, self.is_private = 0, False
        self.response_headers: list[tuple[bytes, bytes]] = []
        self.headers = Headers(raw=scope["headers"])
        self.request: Any = Request(scope, self._receive_bounded) if scope["type"] == "http" else None
        self._receive, self._received, self._is_read = receive, 0, False
        self.is_arriving = False  # somebody waits for the rest of the body

    @cached_property
    def query(self) -> QueryParams:
        return QueryParams(str(self.scope["query_string"], "utf-8", "replace"))

    @property
    def cookies(self) -> Mapping[str, str]:
        cookies: Mapping[str, str] = self.request.cookies
        return cookies

    @property
    def client_ip(self) -> str:
        client = self.scope.get("client")
        return client[0] if client else ""

    def texts(self, source: str, key: str) -> Sequence[str]:
        """List what the request has under a name."""
        if source in ("query", "header"):
            return (self.query if source == "query" else self.headers).getlist(key)
        known = self.path if source == "path" else self.cookies
        return [known[key]] if key in known else []

    # ------------------------------------------------------------ the body

    async def read_body(self, timeout_s: float) -> bytes:
        """Read the whole body.

        Raises:
            Problem: 400 the length is no number, 408 too slow, 413 too large.
        """
        declared = self.headers.get("content-length", "0")
        if not declared.isdecimal():
            raise Problem(400, "the Content-Length is no number", is_last=True)
        if self._is_larger(declared):
            raise self._too_large()
        try:
            async with asyncio.timeout(timeout_s):
                body: bytes = await self.request.body()
                return body
        except TimeoutError:
            raise Problem(408, "the body did not arrive in time", is_last=True) from None

    def is_rest_unbounded(self) -> bool:
        """Whether a server that keeps the connection would read, to throw it away, more than the limit."""
        declared = self.headers.get("content-length")
        if self._is_read or declared is None:
            return not self._is_read and "transfer-encoding" in self.headers
        return not declared.isdecimal() or self._is_larger(declared)

    async def _receive_bounded(self) -> Any:
        self.is_arriving = not self._is_read
        message = await self._receive()
        self.is_arriving = False
        self._received += len(message.get("body", b""))
        if self._received > self.max_body_bytes:
            raise self._too_large()
        self._is_read = not message.get("more_body", False)
        return message

    def _is_larger(self, declared: str) -> bool:
        return len(declared) > 18 or int(declared) > self.max_body_bytes

    def _too_large(self) -> Problem:
        return Problem(413, f"the body is larger than {self.max_body_bytes} bytes", is_last=True)

    # ------------------------------------------------------------ the answer

    def set_status(self, status: int) -> None:
        if not 200 <= status <= 599:
            raise ValueError(f"context.set_status: {status!r} is no final HTTP status: use one of 200 to 599")
        self.status = status

    def set_header(self, name: str, value: str) -> None:
        if not name or not _TOKEN.issuperset(name):
            raise ValueError(f"context.set_header: {name!r} is no header name: use letters, digits and hyphens")
        if name.lower() in _FRAMING:
            raise ValueError(f"context.set_header: {name!r} is the server's own: leave it out")
        if not _CONTROL.isdisjoint(value):
            raise ValueError(f"context.set_header: the value of {name!r} has a control character: remove it")
        try:
            self.response_headers.append((name.lower().encode(), value.encode("latin-1")))
        except UnicodeEncodeError:
            raise ValueError(f"context.set_header: the value of {name!r} is not latin-1: percent-encode it") from None

    def set_cookie(self, name: str, value: str, *, max_age_s: int | None = None, path: str = "/") -> None:
        if ";" in path or not _CONTROL.isdisjoint(path):
            raise ValueError(f"context.set_cookie: {path!r} is no path: leave out semicolons and control characters")
        answer = Response()
        try:
            answer.set_cookie(name, value, max_age_s, path=path, secure=True, httponly=True)
        except (CookieError, UnicodeEncodeError):
            raise ValueError(f"context.set_cookie: {name!r} cannot be set to {value!r}: use ASCII letters") from None
        self.response_headers.append(answer.raw_headers[-1])

    def set_etag(self, version: str) -> None:
        raise NotImplementedError(lacking("set_etag"))

    def check_etag(self, version: str, *, required: bool = True) -> None:
        raise NotImplementedError(lacking("check_etag"))


def lacking(method: str) -> str:
    """Say that entity tags are not here, to whom the check at boot has not caught."""
    return f"context.{method} needs 'etag', which tools.http_plain does not offer: set TOOL_HTTP=tools.http"
