"""The http tool over plain ASGI: compiled dispatch in front, Starlette where a handler uses it."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.routing import Mount

from hookspecs import ASGIApp, Command, Fact, Finding, Part, Run, hookimpl, owner
from tools.http.commands import openapi_command, routes_command
from tools.http.contract import ErrorAnswer, Guard, RouteError
from tools.http.dispatcher import Dispatcher
from tools.http.documents import documents
from tools.http.endpoint import Endpoint, Limits, Options
from tools.http.facts import endpoint_fact
from tools.http.mounts import Mounts
from tools.http.router import Path, Router
from tools.http.settings import HttpSettings

METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})  # HEAD and OPTIONS are answered for every path


class StarletteHttp:
    """See `contract.Http`."""

    def __init__(self, settings: HttpSettings) -> None:
        self._settings = settings
        self._router: Router[Endpoint] = Router()
        self._endpoints: list[Endpoint] = []
        self._mounts = Mounts()
        self._limits = Limits(
            max_body_bytes=settings.http_max_body_bytes,
            body_timeout_s=settings.http_body_timeout_s,
            handler_timeout_s=settings.http_handler_timeout_s,
        )

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "StarletteHttp":
        """Read the settings.

        Raises:
            ValueError: HTTP_HOSTS names no host, or is not set and this is not development.
        """
        settings = msgspec.convert(environ, HttpSettings, strict=False)
        if settings.is_production and not settings.http_hosts:
            advice = "unless ENV is development, set it to the host names that are answered"
            raise ValueError(f"HTTP_HOSTS is not set: {advice}")
        if not settings.host_names:
            advice = "write the host names that are answered, by comma, or `*` for all"
            raise ValueError(f"HTTP_HOSTS is {settings.http_hosts!r}, which names no host: {advice}")
        return cls(settings)

    # ------------------------------------------------------------ registration

    def add_endpoint(
        self,
        path: str,
        method: str,
        handler: Callable[..., Any],
        *,
        request_model: type | None = None,
        response_model: Any = None,
        status: int | None = None,
        guard: Guard | None = None,
        public: bool = False,
        errors: Mapping[type[BaseException], ErrorAnswer] | None = None,
        tags: Sequence[str] = (),
        max_body_bytes: int | None = None,
        timeout_s: float | None = None,
    ) -> None:
        parsed, verb = Path.parse(path), method.upper()
        if verb not in METHODS:
            raise RouteError(f"{method!r} {path} is no method: use one of {', '.join(sorted(METHODS))}")
        if guard is not None and public:
            raise RouteError(f"{verb} {path} is public and guarded: leave out one of the two")
        options = Options(request_model, response_model, status, guard, public, errors or {}, tags)
        limits = self._limits.with_own(max_body_bytes, timeout_s)
        self._add(Endpoint(owner.get(), parsed, verb, handler, options, limits))

    def mount(self, path: str, asgi_app: Callable[..., Awaitable[None]]) -> None:
        if path and not path.startswith("/"):
            raise RouteError(f"mount {path!r} cannot be routed: write an absolute path such as '/admin'")
        mount, part = Mount(path, asgi_app), owner.get()
        part.undo.callback(self._mounts.remove, mount)
        self._mounts.add(mount, part.name)

    def _add(self, endpoint: Endpoint) -> None:
        twin = self._router.find_twin(endpoint.path, endpoint.method)
        if twin is not None:
            advice = "change one path, or delete one file"
            raise RouteError(f"{endpoint} is already served by {twin.owner} as {twin}: {advice}")
        endpoint.owner.undo.callback(self._remove, endpoint)
        self._router.add(endpoint.path, endpoint.method, endpoint)
        self._endpoints.append(endpoint)

    def _remove(self, endpoint: Endpoint) -> None:
        if endpoint in self._endpoints:
            self._endpoints.remove(endpoint)
            self._router.remove(endpoint.path, endpoint.method)

    # ------------------------------------------------------------ hooks

    @hookimpl
    async def on_boot(self, run: Run) -> None:
        self._run = run

    @hookimpl
    async def asgi_app(self) -> ASGIApp:
        if self._settings.has_docs:
            self._serve_documents(owner.get())
        return Dispatcher(self._settings, self._router, self._mounts, self._run)

    def _serve_documents(self, part: Part) -> None:
        """Like any endpoint, but for the list of them; a plugin that serves one of the paths has taken its place."""
        options = Options(public=True, errors={HTTPException: 404})
        for path, handler in documents(self._endpoints).items():
            parsed = Path.parse(path)
            if self._router.find_twin(parsed, "GET") is None:
                self._router.add(parsed, "GET", Endpoint(part, parsed, "GET", handler, options, self._limits))

    @hookimpl
    async def describe(self) -> Iterable[Fact]:
        endpoints = sorted(self._endpoints, key=lambda one: (one.path.text, one.method))
        mounts = [Fact("mount", name, path or "/") for path, name in self._mounts]
        return [*map(endpoint_fact, endpoints), *mounts]

    @hookimpl
    async def check(self) -> Iterable[Finding]:
        is_error = self._settings.is_production and self._settings.http_unguarded == "refuse"
        unguarded = [one for one in self._endpoints if one.protection == "unguarded"]
        advice = "is unguarded: add guard=self.auth.require(), or public=True if anyone may call it"
        return [Finding("http-unguarded", f"{one} {advice}", one.owner.file, one.line, is_error) for one in unguarded]

    @hookimpl
    async def register_commands(self) -> Iterable[Command]:
        return [routes_command(self._endpoints), openapi_command(self._endpoints)]
