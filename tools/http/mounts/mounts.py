"""Other ASGI apps, each below its path."""

from collections.abc import Iterator
from typing import Any

from starlette.routing import Match, Mount

from tools.http.context import RequestContext
from tools.http.contract import RouteError
from tools.http.handover import Handover
from tools.http.problem import Problem


class Mounts:
    """The apps that are mounted, the deepest first."""

    def __init__(self) -> None:
        self._entries: list[tuple[Mount, str]] = []

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return ((mount.path, owner) for mount, owner in self._entries)

    def add(self, mount: Mount, owner: str) -> None:
        """Add an app.

        Raises:
            RouteError: its path is taken.
        """
        for path, other in self:
            if path == mount.path:
                raise RouteError(f"mount {path or '/'!r} is taken by {other} already: change one path")
        self._entries.append((mount, owner))
        self._entries.sort(key=lambda entry: -len(entry[0].path))

    def remove(self, mount: Mount) -> None:
        """Take an app away, if it is there."""
        self._entries = [entry for entry in self._entries if entry[0] is not mount]

    async def serve(self, context: RequestContext, send: Any) -> None:
        """Let the app that is mounted deepest above the request's path answer.

        Raises:
            Problem: 404, there is none.
        """
        for mount, _ in self._entries:
            found, child_scope = mount.matches(context.scope)
            if found is Match.FULL:
                del child_scope["app_root_path"]  # it is an app of its own: its URLs begin below the mount
                context.scope.update(child_scope)
                await Handover(context, send).run(mount.handle)
                return
        raise Problem(404, "nothing is here")
