"""Sends answers: status, headers and body; problems; and what writes itself."""

from typing import Any

from starlette.responses import FileResponse, Response

from tools.http.body import is_rest_unbounded
from tools.http.context import RequestContext
from tools.http.files.answer import FileAnswer
from tools.http.flow import Limit
from tools.http.handover import Handover
from tools.http.problem import MEDIA_TYPE, Problem
from tools.http.sockets.handshake import refuse as refuse_handshake
from tools.http.streams.chunks import Chunks
from tools.http.streams.events import EventStream

Headers = tuple[tuple[bytes, bytes], ...]
EMPTY_STATUSES = (204, 205, 304)
# OWASP REST Security and HTTP Headers cheat sheets
SECURITY: Headers = (
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
)
SECURITY_TLS: Headers = (*SECURITY, (b"strict-transport-security", b"max-age=31536000"))
NO_STORE: Headers = ((b"cache-control", b"no-store"),)
CLOSE: Headers = ((b"connection", b"close"),)
JSON: Headers = ((b"content-type", b"application/json"),)
OF_A_GOOD_ANSWER = frozenset({
    b"content-type", b"content-disposition", b"content-encoding", b"cache-control", b"etag", b"expires",
    b"last-modified",
})  # fmt: skip
LENGTHS: Headers = tuple((b"content-length", b"%d" % length) for length in range(4_096))
"""Made once: most answers are shorter."""
PROBLEM: Headers = ((b"content-type", MEDIA_TYPE), *NO_STORE)


def head_of(*, is_private: bool, is_tls: bool = False) -> Headers:
    """Make the headers that every JSON answer of an endpoint has."""
    return (*JSON, *(NO_STORE if is_private else ()), *(SECURITY_TLS if is_tls else SECURITY))


async def send_own(context: RequestContext, send: Any, status: int, body: bytes, headers: Headers = ()) -> None:
    """Send an answer with the headers that the handler has set, in place of ours of the same name."""
    if status in EMPTY_STATUSES or not body:
        body, headers = b"", tuple(pair for pair in headers if pair[0] != b"content-type")
    if status not in EMPTY_STATUSES:
        headers = (*headers, (b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": status, "headers": _own(context, headers)})
    await send({"type": "http.response.body", "body": b"" if context.scope["method"] == "HEAD" else body})


def _own(context: RequestContext, headers: Headers) -> list[tuple[bytes, bytes]]:
    named = {name for name, _ in headers}
    security = SECURITY_TLS if context.scope.get("scheme") == "https" else SECURITY
    ours = [*headers, (b"x-request-id", context.request_id.encode()), *(one for one in security if one[0] not in named)]
    if not context.response_headers:
        return ours
    given = {name for name, _ in context.response_headers}  # what a handler sets stands in place of ours
    return [*context.response_headers, *(pair for pair in ours if pair[0] not in given)]


async def refuse(context: RequestContext, send: Any, problem: Problem) -> None:
    """Answer with a problem; a server that would read on and on for the rest of the request is told to close."""
    if context.scope["type"] == "websocket":
        is_tls = context.scope.get("scheme") in ("wss", "https")
        await refuse_handshake(context, send, problem, SECURITY_TLS if is_tls else SECURITY)
        return
    is_1 = context.scope.get("http_version", "1.1").startswith("1")
    closes = is_1 and (problem.is_last or is_rest_unbounded(context))
    headers = (*PROBLEM, *problem.headers, *(CLOSE if closes else ()))
    context.response_headers = tuple(pair for pair in context.response_headers if pair[0] not in OF_A_GOOD_ANSWER)
    await send_own(context, send, problem.status, problem.encode(context.request_id), headers)


async def hand_over(
    response: Response,
    scope: Any,
    receive: Any,
    send: Any,
    request_id: str,
    context: RequestContext | None,
    limit: Limit,
    *,
    is_private: bool = False,
) -> None:
    """Let a Starlette Response, or any ASGI app, write the answer."""
    context = context or RequestContext(scope, receive, dict(scope["headers"]), request_id)
    context.limit = limit
    app = FileAnswer(response) if isinstance(response, FileResponse) else response
    if isinstance(response, Chunks | EventStream):  # its headers are ours, not the handler's
        given = {name for name, _ in context.response_headers}
        response.raw_headers = [pair for pair in response.raw_headers if pair[0] not in given]
    try:
        await Handover(context, send, _own(context, NO_STORE if is_private else ())).run(app)
    except Problem as problem:
        await refuse(context, send, problem)
