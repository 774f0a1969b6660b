"""`http` over Starlette's own routing: plain endpoints, and a clear no to whatever needs more."""

from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path as FilePath
from typing import Any, NoReturn

from starlette.routing import Router

from hookspecs import ASGIApp, Fact, Finding, Run, hookimpl, owner
from tools.http.contract import Counters, RouteError
from tools.http_plain.endpoint import Endpoint, Options
from tools.http_plain.facts import endpoint_fact, line
from tools.http_plain.gate import Gate
from tools.http_plain.path import Path, Shape
from tools.http_plain.path_app import Load, PathApp
from tools.http_plain.plan import capabilities_asked
from tools.http_plain.problem import NOTHING, Problem
from tools.http_plain.settings import PlainSettings

METHODS = ("DELETE", "GET", "PATCH", "POST", "PUT")  # HEAD and OPTIONS are answered for every path


class PlainHttp:
    """See `contract.Http`."""

    capabilities: frozenset[str] = frozenset()

    def __init__(self, settings: PlainSettings) -> None:
        self._settings, self._load = settings, Load(_no_pool, settings.http_max_in_flight)
        self._paths: dict[Shape, PathApp] = {}
        self._router = Router(redirect_slashes=False, default=_nothing)
        self._is_sorted = False

    # ------------------------------------------------------------ registration

    def add_endpoint(self, path: str, method: str, handler: Callable[..., Any], **options: Any) -> None:
        given, parsed, verb = Options(**options), Path.parse(path), method.upper()
        for name in sorted(capabilities_asked(handler) | given.capabilities):
            _refuse(name)
        if verb not in METHODS:
            raise RouteError(f"{method!r} {path} is no method: use one of {', '.join(METHODS)}")
        endpoint = Endpoint(owner.get(), parsed, verb, handler, given)
        endpoint.limit(self._settings)
        self._add(endpoint)

    def keep_in(self, counters: Counters) -> None:
        """Nothing here counts: what would is refused when it is registered, so any place to keep it is right."""

    def add_websocket(self, path: str, handler: Callable[..., Any], **options: Any) -> None:
        _refuse("websocket")

    def add_sse(self, path: str, handler: Callable[..., Any], **options: Any) -> None:
        _refuse("sse")

    def add_static(self, path: str, directory: str | FilePath, **options: Any) -> None:
        _refuse("static")

    def mount(
        self,
        path: str,
        asgi_app: Callable[..., Awaitable[None]],
        *,
        max_body_bytes: int | None = None,
        when_full: bool = False,
    ) -> None:
        _refuse("mount")

    def _add(self, endpoint: Endpoint) -> None:
        app = self._paths.setdefault(endpoint.path.shape, PathApp(endpoint.path, self._load))
        if twin := app.endpoints.get(endpoint.method):
            advice = "change one path, or delete one file"
            raise RouteError(f"{endpoint} is already served by {twin.owner} as {twin}: {advice}")
        endpoint.owner.undo.callback(self._remove, endpoint)
        app.endpoints[endpoint.method] = endpoint
        self._is_sorted = False

    def _remove(self, endpoint: Endpoint) -> None:
        endpoints = self._paths[endpoint.path.shape].endpoints
        if endpoints.get(endpoint.method) is endpoint:
            del endpoints[endpoint.method]
        self._is_sorted = False

    # ------------------------------------------------------------ serving

    async def _route(self, scope: Any, receive: Any, send: Any) -> None:
        """Let Starlette try literal segments before placeholders; sorted once after a change."""
        if not self._is_sorted:
            self._router.routes = [app.route for _, app in sorted(self._paths.items(), key=_shape) if app.endpoints]
            self._is_sorted = True
        await self._router(scope, receive, send)

    @property
    def _endpoints(self) -> list[Endpoint]:
        found = [one for app in self._paths.values() for one in app.endpoints.values()]
        return sorted(found, key=lambda one: (one.path.text, one.method))

    # ------------------------------------------------------------ hooks

    @hookimpl
    def on_boot(self, run: Run) -> None:
        self._load.run = run

    @hookimpl
    def asgi_app(self) -> ASGIApp:
        return Gate(self._settings, self._route)

    @hookimpl
    def describe(self) -> Iterable[Fact]:
        return map(endpoint_fact, self._endpoints)

    @hookimpl
    def check(self) -> Iterable[Finding]:
        is_error = self._settings.is_production and self._settings.http_unguarded == "refuse"
        advice = "is unguarded: add guard=self.auth.require(), or public=True if anyone may call it"
        unguarded = [one for one in self._endpoints if one.protection == "unguarded"]
        return [Finding("http-unguarded", f"{one} {advice}", one.owner.file, line(one), is_error) for one in unguarded]


async def _no_pool(function: Callable[..., Any], /, *args: Any) -> Any:
    raise RuntimeError("a handler ran before the boot of its tool")


async def _nothing(scope: Any, receive: Any, send: Any) -> None:
    raise Problem(404, NOTHING)


def _shape(item: tuple[Shape, PathApp]) -> Shape:
    return item[0]


def _refuse(capability: str) -> NoReturn:
    who = f"{owner.get()} asks http for {capability!r}"
    raise RouteError(f"{who}, which tools.http_plain does not offer: set TOOL_HTTP=tools.http")
