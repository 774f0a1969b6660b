"""What every request passes: the checks of its head (OWASP ASVS 4.2.1), the router, and the headers of the answer."""

import logging
import random
import re
from collections.abc import Sequence
from contextlib import suppress
from contextvars import copy_context
from typing import Any

from starlette.requests import ClientDisconnect

from hookspecs import ASGIApp, Trace, trace
from tools.http_plain.problem import NOTHING, Problem
from tools.http_plain.request_context import PlainContext
from tools.http_plain.settings import PlainSettings
from tools.http_plain.steps import is_end, stepped_in

log = logging.getLogger(__name__)
MAX_HEADERS = 100
CONTEXT = "tools.http_plain.context"
# OWASP REST Security and HTTP Headers cheat sheets
SECURITY = (
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
)
_OF_A_GOOD_ANSWER = frozenset({
    b"content-type", b"content-disposition", b"content-encoding", b"cache-control", b"etag", b"expires",
    b"last-modified",
})  # fmt: skip
_SINGLE = {b"host": 400, b"content-length": 400, b"transfer-encoding": 400, b"authorization": 400, b"content-type": 415}
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_HOST = re.compile(r"([a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])(?::\d{1,5})?")


class Gate:
    """The ASGI callable; no error leaves it, unless an answer broke off half-way."""

    def __init__(self, settings: PlainSettings, route: ASGIApp) -> None:
        self._settings, self._route = settings, route

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request, in variables of its own; the server's `receive` and `send` stay in the server's."""
        server = copy_context()
        serve = stepped_in(copy_context(), self._serve)
        await serve(scope, stepped_in(server, receive), stepped_in(server, send))

    async def _serve(self, scope: Any, receive: Any, send: Any) -> None:
        sent = scope["headers"]
        # a gateway strips X-Forwarded-For, and lets X_Forwarded_For pass
        scope = {**scope, "headers": [pair for pair in sent if b"_" not in pair[0]]}
        context = PlainContext(scope, receive, _request_id(scope["headers"]), self._settings.http_max_body_bytes)
        scope[CONTEXT], answer = context, _Answer(context, send)
        trace.set(Trace(context.request_id, context.request_id))
        try:
            self._check(context, sent)
            await self._route(scope, receive, answer)
        except ClientDisconnect:
            return  # it left: there is nobody to answer, and nothing went wrong here
        except BaseException as error:
            if is_end(error):
                raise
            await answer.fail(error)

    def _check(self, context: PlainContext, sent: Sequence[tuple[bytes, bytes]]) -> None:
        scope, settings, names = context.scope, self._settings, [name for name, _ in sent]
        for name, status in _SINGLE.items():
            if names.count(name) > 1:
                raise Problem(status, f"send one {name.decode().title()} header", is_last=True)
        most = settings.http_max_headers_bytes
        if sum(len(name) + len(value) for name, value in sent) > most or len(sent) > MAX_HEADERS:
            raise Problem(431, f"the headers are larger than {most} bytes, or more than {MAX_HEADERS}")
        if len(scope.get("raw_path") or scope["path"]) + len(scope["query_string"]) > settings.http_max_url_bytes:
            raise Problem(414, f"the URL is larger than {settings.http_max_url_bytes} bytes")
        if "\0" in scope["path"] or any("\ud800" <= one <= "\udfff" for one in scope["path"]):
            raise Problem(404, NOTHING)  # neither a database nor a log takes it
        if b"content-length" in names and b"transfer-encoding" in names:
            raise Problem(400, "send Content-Length or Transfer-Encoding, not both", is_last=True)
        host = _HOST.fullmatch(context.headers.get("host", "").lower())
        if host is None or not {"*", host[1]} & settings.hosts:
            raise Problem(400, "the Host header does not name this server")


class _Answer:
    """The `send` of whatever answers: it adds our headers where there are none of that name."""

    def __init__(self, context: PlainContext, send: Any) -> None:
        self._context, self._send, self._is_started, self._is_complete = context, send, False, False

    async def __call__(self, message: Any) -> None:
        """Send one message."""
        if message["type"] == "http.response.start":
            self._is_started = True
            message = {**message, "headers": self._with_ours([*message.get("headers", ())])}
        elif message["type"] == "http.response.body":
            self._is_complete = not message.get("more_body", False)
            message = {**message, "body": b""} if self._context.scope["method"] == "HEAD" else message
        try:
            await self._send(message)
        except OSError:  # its server has logged what there is to say
            raise ClientDisconnect from None

    async def fail(self, error: BaseException) -> None:
        """Answer with an error, if that can still be.

        Raises:
            RuntimeError: the answer has begun: only the server can tell the client, by closing the connection.
        """
        context = self._context
        if not isinstance(error, Problem):
            log.error("%s failed", context.scope["path"], exc_info=error)
        if context.scope["type"] == "websocket":
            await self._send({"type": "websocket.close", "code": 1008})
        elif not self._is_started:
            await self._refuse(error if isinstance(error, Problem) else Problem(500))
        elif not self._is_complete:
            raise RuntimeError("the answer broke off half-way") from error

    async def _refuse(self, problem: Problem) -> None:
        context = self._context
        response = problem.response(context.request_id)
        is_1 = context.scope.get("http_version", "1.1").startswith("1")
        if is_1 and (problem.is_last or context.is_rest_unbounded()):
            response.headers["connection"] = "close"
        context.response_headers = [pair for pair in context.response_headers if pair[0] not in _OF_A_GOOD_ANSWER]
        with suppress(ClientDisconnect):
            await response(context.scope, context.request.receive, self)

    def _with_ours(self, headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        """Put what the handler has set in front, then what answers, then what stands in every answer."""
        context, is_tls = self._context, self._context.scope.get("scheme") == "https"
        ours = [(b"x-request-id", context.request_id.encode()), *SECURITY]
        ours += [(b"strict-transport-security", b"max-age=31536000")] if is_tls else []
        ours += [(b"cache-control", b"no-store")] if context.is_private else []
        for more in (headers, ours):
            given = {name for name, _ in context.response_headers} - {b"set-cookie"}
            context.response_headers += [pair for pair in more if pair[0] not in given]
        return context.response_headers


def _request_id(headers: Sequence[tuple[bytes, bytes]]) -> str:
    """Take the client's request id where it is one, else make 128 random bits (they need not be secret)."""
    given = str(dict(headers).get(b"x-request-id", b""), "latin-1")
    return given if _REQUEST_ID.fullmatch(given) else f"{random.getrandbits(128):032x}"
