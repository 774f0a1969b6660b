"""Other ASGI apps, each below its path."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from starlette.routing import Match, Mount

from hookspecs import ASGIApp
from tools.http.body import BoundedReceive, check_length
from tools.http.context import RequestContext
from tools.http.contract import RouteError
from tools.http.handover import Handover
from tools.http.in_flight import InFlight
from tools.http.problem import Problem


class Mounted(NamedTuple):
    """An app at its path, whose it is, and what one request to it may take."""

    mount: Mount
    owner: str
    max_body_bytes: int
    when_full: bool = False

    @property
    def path(self) -> str:
        """Where it is, without a slash at the end."""
        return self.mount.path

    @property
    def app(self) -> ASGIApp:
        """What serves, once the scope says what is below."""
        return self.mount.handle


class Mounts:
    """The apps that are mounted, the deepest first; their requests count as those of endpoints do."""

    def __init__(self, load: InFlight) -> None:
        self._load = load
        self._all: list[Mounted] = []

    def __iter__(self) -> Iterator[Mounted]:
        return iter(self._all)

    def add(self, one: Mounted) -> None:
        """Add an app.

        Raises:
            RouteError: its path is taken.
        """
        for other in self._all:
            if other.path == one.path:
                raise RouteError(f"mount {one.path or '/'!r} is taken by {other.owner} already: change one path")
        self._all.append(one)
        self._all.sort(key=lambda one: -len(one.path))

    def remove(self, one: Mounted) -> None:
        """Take an app away, if it is there."""
        self._all = [other for other in self._all if other is not one]

    async def serve(self, context: RequestContext, send: Any) -> None:
        """Let the app that is mounted deepest above the request's path answer.

        Raises:
            Problem: 404 there is none, 413 the body is larger than it may be, 503 too many requests are in flight.
        """
        for one in self._all:
            found, child_scope = one.mount.matches(context.scope)
            if found is Match.FULL:
                del child_scope["app_root_path"]  # it is an app of its own: its URLs begin below the mount
                context.scope.update(child_scope)
                answer = Handover(context, send)
                await (self._bounded(one, context, answer) if context.scope["type"] == "http" else answer.run(one.app))
                return
        raise Problem(404, "nothing is here")

    async def _bounded(self, one: Mounted, context: RequestContext, answer: Handover) -> None:
        context.max_body_bytes = one.max_body_bytes
        if declared := context.named.get(b"content-length"):
            check_length(declared, one.max_body_bytes)
        context.receive = BoundedReceive(context, answer.refuse_instead)
        load, weight = self._load, int(not one.when_full)
        load.now += weight
        try:
            if weight and load.now > load.most:
                load.refuse()
            await answer.run(one.app)
        finally:
            load.now -= weight
