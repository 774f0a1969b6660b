"""The ASGI callable: head -> route -> endpoint -> one start and one body message."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from hookspecs import Run, Trace, trace
from tools.http.body import is_rest_unbounded
from tools.http.context import RequestContext
from tools.http.endpoint import EMPTY_STATUSES, Endpoint
from tools.http.handover import Handover
from tools.http.head import HeadCheck, request_id
from tools.http.mounts import Mounts
from tools.http.problem import MEDIA_TYPE, Problem
from tools.http.router import Router
from tools.http.settings import HttpSettings

Headers = tuple[tuple[bytes, bytes], ...]
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
PROBLEM: Headers = ((b"content-type", MEDIA_TYPE), *NO_STORE)
_JSON_PRIVATE: Headers = (*JSON, *NO_STORE)


class Dispatcher:
    """Serves every request of one system."""

    def __init__(self, settings: HttpSettings, router: Router[Endpoint], mounts: Mounts, run: Run) -> None:
        self._head, self._router, self._mounts, self._run = HeadCheck(settings), router, mounts, run
        self._max_body_bytes = settings.http_max_body_bytes

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request; no error leaves, unless an answer broke off half-way."""
        named = dict(scope["headers"])
        name = request_id(named)
        trace.set(Trace(name, name))
        context = RequestContext(scope, receive, named, name)
        context.max_body_bytes = self._max_body_bytes
        try:
            wrong = self._head.check(scope, named)
            if wrong is not None:
                raise wrong
            await self._serve(context, send)
        except Problem as problem:
            await _refuse(context, send, problem)

    async def _serve(self, context: RequestContext, send: Any) -> None:
        scope = context.scope
        methods, values = self._router.find(_path(scope)) if scope["type"] == "http" else (None, ())
        if methods is None:
            await self._mounts.serve(context, send)
            return
        endpoint = methods.get(scope["method"]) or _fallback(methods, scope["method"])
        if endpoint is None:
            await _send(context, send, 204, b"", (_allow(methods),))
            return
        if values:
            context.path = dict(zip(endpoint.path.names, values, strict=True))
        answer = await endpoint.respond(context, self._run)
        is_private = endpoint.options.guard is not None
        if isinstance(answer, Response):
            await Handover(context, send, _own(context, NO_STORE if is_private else ())).run(answer)
            return
        status, body = answer
        await _send(context, send, status, body, _JSON_PRIVATE if is_private else JSON)


async def _send(context: RequestContext, send: Any, status: int, body: bytes, headers: Headers) -> None:
    if status in EMPTY_STATUSES:
        body, headers = b"", tuple(pair for pair in headers if pair[0] != b"content-type")
    else:
        headers = (*headers, (b"content-length", b"%d" % len(body)))
    try:
        await send({"type": "http.response.start", "status": status, "headers": _own(context, headers)})
        await send({"type": "http.response.body", "body": b"" if context.scope["method"] == "HEAD" else body})
    except OSError:  # the client left; its server has logged what there is to say
        return


def _own(context: RequestContext, headers: Headers) -> list[tuple[bytes, bytes]]:
    security = SECURITY_TLS if context.scope.get("scheme") == "https" else SECURITY
    ours = [*headers, (b"x-request-id", context.request_id.encode()), *security]
    if not context.response_headers:
        return ours
    given = {name for name, _ in context.response_headers}  # what a handler sets stands in place of ours
    return [*context.response_headers, *(pair for pair in ours if pair[0] not in given)]


async def _refuse(context: RequestContext, send: Any, problem: Problem) -> None:
    if context.scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    is_1 = context.scope.get("http_version", "1.1").startswith("1")
    closes = is_1 and (problem.is_last or is_rest_unbounded(context))
    headers = (*PROBLEM, *problem.headers, *(CLOSE if closes else ()))
    context.response_headers = tuple(pair for pair in context.response_headers if pair[0] != b"content-type")
    await _send(context, send, problem.status, problem.encode(context.request_id), headers)


def _path(scope: Any) -> str:
    path: str = scope["path"]
    root: str = scope.get("root_path", "")
    return path[len(root) :] if root and path.startswith(f"{root}/") else path


def _fallback(methods: Mapping[str, Endpoint], method: str) -> Endpoint | None:
    """Answer a HEAD as the GET that it is, and an OPTIONS by None.

    Raises:
        Problem: 405.
    """
    if method == "HEAD" and "GET" in methods:
        return methods["GET"]
    if method != "OPTIONS":
        raise Problem(405, f"{method} is not served here", headers=[_allow(methods)])
    return None


def _allow(methods: Mapping[str, Endpoint]) -> tuple[bytes, bytes]:
    names = {*methods, "OPTIONS"} | ({"HEAD"} if "GET" in methods else set())
    return b"allow", ", ".join(sorted(names)).encode()
