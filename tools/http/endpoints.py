"""The endpoints of one http tool, by path and method."""

from collections.abc import Callable, Iterator
from typing import Any

from starlette.exceptions import HTTPException

from hookspecs import Fact, Part
from tools.http.assembly import Runtime, assemble
from tools.http.contract import RouteError
from tools.http.endpoint import Endpoint
from tools.http.openapi.handlers import documents
from tools.http.options import Limits, Options
from tools.http.router import Path, Router

METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})  # HEAD and OPTIONS are answered for every path


class Endpoints:
    """Registers them; iterating yields them by path and method.

    Args:
        runtime: what they share while they run.
        limits: of each, where its route has no own.
    """

    def __init__(self, runtime: Runtime, limits: Limits) -> None:
        self._runtime, self._limits = runtime, limits
        self.router: Router[Endpoint] = Router()
        self._all: list[Endpoint] = []

    def __iter__(self) -> Iterator[Endpoint]:
        return iter(sorted(self._all, key=lambda one: (one.path.text, one.method)))

    def documented(self) -> list[Endpoint]:
        """List those that OpenAPI describes."""
        return [one for one in self if one.options.is_documented]

    def add(
        self,
        part: Part,
        path: str,
        method: str,
        handler: Callable[..., Any],
        options: Options,
        max_body_bytes: int | None = None,
        timeout_s: float | None = None,
    ) -> None:
        """See `Http.add_endpoint`; `part` is who owns the route.

        Raises:
            RouteError: a route that exists already, or a handler that cannot be bound.
        """
        if method not in METHODS:
            raise RouteError(f"{method!r} {path} is no method: use one of {', '.join(sorted(METHODS))}")
        if options.guard is not None and options.public:
            raise RouteError(f"{method} {path} is public and guarded: leave out one of the two")
        limits = self._limits.with_own(max_body_bytes, timeout_s)
        endpoint = Endpoint(part, Path.parse(path), method, handler, options, limits)
        twin = self.router.find_twin(endpoint.path, method)
        if twin is not None:
            advice = "change one path, or delete one file"
            raise RouteError(f"{endpoint} is already served by {twin.owner} as {twin}: {advice}")
        endpoint.serve = assemble(endpoint, self._runtime)
        part.undo.callback(self.remove, endpoint)
        self.router.add(endpoint.path, method, endpoint)
        self._all.append(endpoint)

    def remove(self, endpoint: Endpoint) -> None:
        """Take a route away, if it is there."""
        if endpoint in self._all:
            self._all.remove(endpoint)
            self.router.remove(endpoint.path, endpoint.method)

    def serve_documents(self, part: Part, facts: list[Fact]) -> None:
        """Like any endpoint, but for the list of them; a plugin that serves one of the paths has taken its place."""
        options = Options(public=True, errors={HTTPException: 404})
        for path, handler in documents(self.documented, facts).items():
            parsed = Path.parse(path)
            if self.router.find_twin(parsed, "GET") is None:
                endpoint = Endpoint(part, parsed, "GET", handler, options, self._limits)
                endpoint.serve = assemble(endpoint, self._runtime)
                self.router.add(parsed, "GET", endpoint)
