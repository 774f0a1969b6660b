"""The ASGI callable: head -> route -> endpoint -> one start and one body message."""

import contextlib
from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Mount

from hookspecs import Run, Trace, trace
from tools.http.context import RequestContext
from tools.http.endpoint import Endpoint
from tools.http.head import HeadCheck, request_id
from tools.http.problem import MEDIA_TYPE, Problem
from tools.http.router import Router
from tools.http.settings import HttpSettings

# OWASP REST Security and HTTP Headers cheat sheets; HSTS belongs to whoever ends TLS.
SECURITY = [
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
]
JSON, PROBLEM = (b"content-type", b"application/json"), (b"content-type", MEDIA_TYPE)
NO_STORE = (b"cache-control", b"no-store")
Headers = list[tuple[bytes, bytes]]


class Dispatcher:
    """Serves every request of one system."""

    def __init__(
        self, settings: HttpSettings, router: Router[Endpoint], mounts: list[tuple[Mount, str]], own: list[BaseRoute], run: Run
    ) -> None:
        self._head, self._router, self._run = HeadCheck(settings), router, run
        self._mounts, self._own = mounts, own

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request; an error never leaves, except a cancellation."""
        if scope["type"] != "http":
            if not await self._serve_mount(scope, receive, send):
                await send({"type": "websocket.close", "code": 1000})
            return
        context = RequestContext(scope, receive, {}, request_id(scope))
        trace.set(Trace(trace_id=context.request_id, request_id=context.request_id))
        try:
            self._head.check(scope)
            match = self._router.find(scope["path"])
            if match is None:
                if not await self._serve_mount(scope, receive, send):
                    raise Problem(404, "nothing is here")
                return
            endpoint = self._endpoint(match.methods, scope["method"])
            if endpoint is None:
                return await self._send(context, send, 204, b"", [(b"allow", _allowed(match.methods))])
            context.path = match.values
            answer = await endpoint.respond(context, self._run)
        except Problem as problem:
            headers = [PROBLEM, NO_STORE, *problem.headers, *context.response_headers]
            return await self._send(context, send, problem.status, problem.encode(context.request_id), headers)
        if isinstance(answer, Response):
            return await self._send_response(context, answer, send)
        status, body = answer
        headers = [JSON] if body else []
        if context.claims is not None:
            headers.append(NO_STORE)
        await self._send(context, send, status, body, headers + context.response_headers)

    def _endpoint(self, methods: Any, method: str) -> Endpoint | None:
        endpoint: Endpoint | None = methods.get(method) or (methods.get("GET") if method == "HEAD" else None)
        if endpoint is None and method != "OPTIONS":
            raise Problem(405, f"{method} is not served here", headers=[(b"allow", _allowed(methods))])
        return endpoint

    async def _send(self, context: RequestContext, send: Any, status: int, body: bytes, headers: Headers) -> None:
        length = [] if status in (204, 304) else [(b"content-length", b"%d" % len(body))]
        own = [*length, (b"x-request-id", context.request_id.encode()), *SECURITY]
        with contextlib.suppress(OSError):  # the client left; its server has logged what there is to say
            await send({"type": "http.response.start", "status": status, "headers": headers + own})
            await send({"type": "http.response.body", "body": b"" if context.scope["method"] == "HEAD" else body})

    async def _send_response(self, context: RequestContext, app: Any, send: Any) -> None:
        """Let a Starlette response write itself; our headers come in only where it has none of that name."""
        own = [(b"x-request-id", context.request_id.encode()), *SECURITY, *context.response_headers]
        own += [NO_STORE] if context.claims is not None else []

        async def send_with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                names = {name for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(pair for pair in own if pair[0] not in names)]
            await send(message)

        await app(context.scope, context.receive, send_with_headers)

    async def _serve_mount(self, scope: Any, receive: Any, send: Any) -> bool:
        """Hand over to the app that is mounted deepest above this path, if there is one."""
        mounts = sorted((mount for mount, _ in self._mounts), key=lambda one: -len(one.path))
        for route in (*self._own, *mounts):
            found, child = route.matches(scope)
            if found is Match.FULL:
                scope.update(child)
                context = RequestContext(scope, receive, {}, trace.get().request_id)
                await (self._send_response(context, route.handle, send) if route in self._own else route.handle(scope, receive, send))
                return True
        return False


def _allowed(methods: Any) -> bytes:
    names = {*methods, "OPTIONS"} | ({"HEAD"} if "GET" in methods else set())
    return ", ".join(sorted(names)).encode()
