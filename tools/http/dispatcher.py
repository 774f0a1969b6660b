"""The ASGI callable: head -> route -> the endpoint's own function.

The short way is for what nearly every request is: nothing doubled, nothing odd, a route that is there. What is not so
goes the long way, which looks at everything and says what is wrong.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from hookspecs import Trace, trace
from tools.http.context import RequestContext
from tools.http.edge.cross_site import CrossSiteCheck
from tools.http.endpoint import Endpoint
from tools.http.flow import Limit, enter
from tools.http.head import HeadCheck, given_id, request_ids
from tools.http.limits import cors_origins
from tools.http.mounts.mounts import Mounts
from tools.http.problem import Problem
from tools.http.replies import refuse, send_own
from tools.http.router import NO_VALUES, Router
from tools.http.settings import HttpSettings
from tools.http.sockets.sockets import Sockets


class Dispatcher:
    """Serves every request of one system."""

    def __init__(self, settings: HttpSettings, router: Router[Endpoint], sockets: Sockets, mounts: Mounts) -> None:
        self._head = HeadCheck(settings.hosts, settings.http_max_headers_bytes, settings.http_max_url_bytes)
        self._router, self._sockets, self._mounts = router, sockets, mounts
        self._static, self._last = router.static, router.last
        self._cross_site = CrossSiteCheck(cors_origins(settings))
        self._max_body_bytes = settings.http_max_body_bytes
        self._next_id = request_ids()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request; no error leaves, unless an answer broke off half-way."""
        limit = [0.0]
        try:
            names, texts = zip(*scope["headers"])  # noqa: B905 (pairs; `strict` costs as much again)
            head, path = self._head, scope["path"]
            room, host, given, _, _ = shape = head.shapes[names]
            methods: Mapping[str, Endpoint] | None = self._static.get(path)
            values = NO_VALUES
            if methods is None:  # here, since a call costs three times the look
                before, slash, value = path.rpartition("/")
                methods, values = self._last.get(before), (value,)
                if not methods or not value or not slash:  # `*` is a target without a path
                    methods, values = self._router.find(path)
            serve = methods[scope["method"]].serve  # type: ignore[index]  # none is one of the errors below
            is_short = (
                len(b"".join(texts)) + 3 * len(path) + len(scope["query_string"]) <= room
                and texts[host] in head.known_hosts
                and not scope.get("root_path")
                and (not values or (path.isascii() and "\0" not in path))
            )
        except (KeyError, TypeError, ValueError):
            is_short = False
        if is_short:
            name = (given >= 0 and given_id(texts[given])) or self._next_id()
            steps = serve(scope, receive, send, name, values, shape, texts, limit).__await__()
        else:
            steps = self._serve(scope, receive, send, limit).__await__()
        rest = enter(steps, limit)
        if rest is not None:
            await rest

    async def _serve(self, scope: Any, receive: Any, send: Any, limit: Limit) -> None:
        named = dict(scope["headers"])
        name = given_id(named.get(b"x-request-id", b"")) or self._next_id()
        trace.set(Trace(name, name))
        context = RequestContext(scope, receive, named, name)
        context.max_body_bytes, context.limit = self._max_body_bytes, limit
        try:
            wrong = self._head.check(scope, named)
            if wrong is None and scope["type"] == "http":
                wrong = self._cross_site.check(scope, named)
            if wrong is not None:
                raise wrong
            await self._route(context, send)
        except Problem as problem:
            await _refuse(context, send, problem)

    async def _route(self, context: RequestContext, send: Any) -> None:
        scope = context.scope
        if scope["type"] == "websocket":
            socket, context.path = self._sockets.find(_path(scope))
            await (self._mounts.serve(context, send) if socket is None else self._sockets.serve(socket, context, send))
            return
        methods, values = self._router.find(_path(scope))
        if methods is None:
            await self._mounts.serve(context, send)
            return
        endpoint = methods.get(scope["method"])
        if endpoint is None:
            endpoint, send = _fallback(methods, scope["method"]), _Bodiless(send)
        if endpoint is None:
            context.response_headers = (_allow(methods),)
            await _send_empty(context, send)
            return
        names, texts = zip(*scope["headers"], strict=True)
        await endpoint.serve(
            scope, context.receive, send, context.request_id, values, self._head.learn(names), texts, context.limit
        )


class _Bodiless(NamedTuple):
    """The `send` of a HEAD, which is answered as the GET without what the GET is for (RFC 9110 section 9.3.2)."""

    send: Any

    async def __call__(self, message: Any) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await self.send(message)


async def _send_empty(context: RequestContext, send: Any) -> None:
    try:
        await send_own(context, send, 204, b"")
    except OSError:  # the client left
        return


async def _refuse(context: RequestContext, send: Any, problem: Problem) -> None:
    try:
        await refuse(context, send, problem)
    except OSError:  # the client left
        return


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
