"""The WebSockets of one http tool: their routes, and those that are open."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from hookspecs import Part
from tools.http.context import RequestContext
from tools.http.contract import Guard, RouteError
from tools.http.problem import Problem
from tools.http.router import NO_VALUES, Path, Router
from tools.http.sockets.codes import STOPPING, Closing
from tools.http.sockets.route import SocketLimits, SocketRoute
from tools.http.sockets.session import Session

METHOD = "WEBSOCKET"  # in a router of their own
CONNECT = "websocket.connect"


class Sockets:
    """Registers routes and serves handshakes; iterating yields the routes.

    Args:
        limits: of each socket, where its route has no own.
        max_open: sockets at the same time; beyond, a handshake is refused.
        origins: whose pages may connect besides the host's own, to every route; `*` is not taken here, since a page
            of anybody would come with the user's cookies: a route has to say so itself.
    """

    def __init__(self, limits: SocketLimits, *, max_open: int = 1_000, origins: Iterable[str] = ()) -> None:
        self._limits, self._max_open = limits, max_open
        self._origins = tuple(one for one in origins if one != "*")
        self._router: Router[SocketRoute] = Router()
        self._routes: list[SocketRoute] = []
        self._sessions: set[Session] = set()
        self._is_stopping = False

    def __iter__(self) -> Iterator[SocketRoute]:
        return iter(sorted(self._routes, key=lambda one: one.path.text))

    def add(
        self,
        part: Part,
        path: str,
        handler: Callable[..., Awaitable[None]],
        *,
        guard: Guard | None = None,
        public: bool = False,
        origins: Sequence[str] = (),
        max_message_bytes: int | None = None,
        max_messages_per_s: int | None = None,
    ) -> None:
        """See `Http.add_websocket`; `part` is who owns the route.

        Raises:
            RouteError: a route that exists already, or a handler that cannot be bound.
        """
        own = {"max_message_bytes": max_message_bytes, "max_messages_per_s": max_messages_per_s}
        limits = self._limits._replace(**{name: value for name, value in own.items() if value is not None})
        allowed = (*origins, *self._origins)
        route = SocketRoute(part, Path.parse(path), handler, limits, guard=guard, public=public, origins=allowed)
        twin = self._router.find_twin(route.path, METHOD)
        if twin is not None:
            advice = "change one path, or delete one file"
            raise RouteError(f"{route} is already served by {twin.owner} as {twin}: {advice}")
        part.undo.callback(self.remove, route)
        self._router.add(route.path, METHOD, route)
        self._routes.append(route)

    def remove(self, route: SocketRoute) -> None:
        """Take a route away, if it is there; what is open there stays."""
        if route in self._routes:
            self._routes.remove(route)
            self._router.remove(route.path, METHOD)

    def find(self, path: str) -> tuple[SocketRoute | None, Mapping[str, str]]:
        """Find the route of a handshake's path, and its placeholders."""
        routes, values = self._router.find(path) if self._routes else (None, NO_VALUES)
        route = None if routes is None else routes[METHOD]
        return route, {} if route is None else dict(zip(route.path.names, values, strict=True))

    async def serve(self, route: SocketRoute, context: RequestContext, send: Any) -> None:
        """Hold a socket from its handshake to its end; `context.path` has its placeholders.

        Raises:
            Problem: the handshake is refused and has to be answered: 401, 403, 404, 422, 500, 503 or 504.
        """
        if (await context.receive())["type"] != CONNECT:
            return
        self._check_room()
        session = Session(route, context, send)
        self._sessions.add(session)
        try:
            await session.run()
        finally:
            self._sessions.discard(session)
            session.ended.set_result(None)

    async def close_all(self) -> None:
        """Close what is open with 1012, take no more, and wait for the handlers to end."""
        self._is_stopping = True
        closing = Closing(STOPPING, "the server stops")
        await asyncio.gather(*(one.stop(closing) for one in self._sessions))

    def _check_room(self) -> None:
        if self._is_stopping or len(self._sessions) >= self._max_open:
            detail = "no more sockets can be opened: try again"
            raise Problem(503, detail, headers=[(b"retry-after", b"1")])
