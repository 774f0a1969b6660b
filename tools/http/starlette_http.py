"""The http tool over plain ASGI: compiled dispatch in front, Starlette where a handler uses it."""

import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from pathlib import Path as FilePath
from typing import Any

import msgspec
from starlette.routing import Mount

from hookspecs import ASGIApp, Command, Fact, Finding, Run, System, hookimpl, owner
from tools.http.assembly import Runtime
from tools.http.background import Background
from tools.http.commands import routes_command
from tools.http.contract import Counters, ErrorAnswer, Guard, RouteError
from tools.http.dispatcher import Dispatcher
from tools.http.edge.layers import edge
from tools.http.endpoints import Endpoints
from tools.http.facts import endpoint_fact
from tools.http.files.static import StaticDirectory
from tools.http.gateway.command import kong_command
from tools.http.gateway.exposure import exposed
from tools.http.in_flight import InFlight
from tools.http.limits import check, cors_origins, form_limits, gateway, limits, socket_limits
from tools.http.mounts.mounts import Mounted, Mounts
from tools.http.openapi.command import openapi_command
from tools.http.options import Options
from tools.http.policies import Stores
from tools.http.settings import HttpSettings
from tools.http.sockets.facts import websocket_fact
from tools.http.sockets.sockets import Sockets


class StarletteHttp:
    """See `contract.Http`."""

    capabilities = frozenset({
        "form", "file", "websocket", "sse", "stream", "static", "mount", "rate_limit", "idempotency", "cache", "etag",
        "openapi", "commands",
    })  # fmt: skip

    def __init__(self, settings: HttpSettings) -> None:
        self._settings = settings
        self._stores = Stores(settings.http_max_cache_bytes)
        self._sockets = Sockets(
            socket_limits(settings), max_open=settings.http_max_sockets, origins=cors_origins(settings)
        )

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "StarletteHttp":
        """Read the settings.

        Raises:
            ValueError: one cannot be; the text says which.
        """
        settings = msgspec.convert(environ, HttpSettings, strict=False)
        check(settings)
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
        answers: Mapping[int, Any] | None = None,
        guard: Guard | None = None,
        public: bool = False,
        errors: Mapping[type[BaseException], ErrorAnswer] | None = None,
        tags: Sequence[str] = (),
        max_body_bytes: int | None = None,
        timeout_s: float | None = None,
        rate_limit: str | None = None,
        idempotent: bool = False,
        cache_s: float | None = None,
        etag: bool = False,
        when_full: bool = False,
    ) -> None:
        options = Options(
            request_model, response_model, status, guard, public, errors or {}, tags, answers or {}, when_full,
            rate_limit, idempotent, cache_s, etag,
        )  # fmt: skip
        self._endpoints.add(owner.get(), path, method.upper(), handler, options, max_body_bytes, timeout_s)

    def add_sse(
        self,
        path: str,
        handler: Callable[..., Any],
        *,
        guard: Guard | None = None,
        public: bool = False,
        errors: Mapping[type[BaseException], ErrorAnswer] | None = None,
        tags: Sequence[str] = (),
        heartbeat_s: float = 15.0,
    ) -> None:
        options = Options(guard=guard, public=public, errors=errors or {}, tags=tags, heartbeat_s=heartbeat_s)
        self._endpoints.add(owner.get(), path, "GET", handler, options)

    def add_static(
        self,
        path: str,
        directory: str | FilePath,
        *,
        guard: Guard | None = None,
        public: bool = False,
        allow: Sequence[str] = (),
        html: bool = False,
        max_age_s: int = 0,
    ) -> None:
        beside = getattr(sys.modules.get(owner.get().module), "__file__", None) or "."
        files = StaticDirectory(
            FilePath(beside).parent / directory,
            allow=allow,
            html=html,
            max_age_s=max_age_s,
            is_private=guard is not None,
        )
        options = Options(guard=guard, public=public, is_documented=False)
        root = path.rstrip("/")
        self._endpoints.add(owner.get(), f"{root}/{{rest:path}}", "GET", files.file, options)
        if html and root:
            self._endpoints.add(owner.get(), root, "GET", files.index, options)

    def add_websocket(
        self,
        path: str,
        handler: Callable[..., Awaitable[None]],
        *,
        guard: Guard | None = None,
        public: bool = False,
        origins: Sequence[str] = (),
        max_message_bytes: int | None = None,
        max_messages_per_s: int | None = None,
    ) -> None:
        self._sockets.add(
            owner.get(),
            path,
            handler,
            guard=guard,
            public=public,
            origins=origins,
            max_message_bytes=max_message_bytes,
            max_messages_per_s=max_messages_per_s,
        )

    def mount(
        self,
        path: str,
        asgi_app: Callable[..., Awaitable[None]],
        *,
        max_body_bytes: int | None = None,
        when_full: bool = False,
    ) -> None:
        if path and not path.startswith("/"):
            raise RouteError(f"mount {path!r} cannot be routed: write an absolute path such as '/admin'")
        part, lifespans = owner.get(), self._background.lifespans
        app = lifespans.of(asgi_app, f"{part}: mount {path or '/'!r}")
        most = self._settings.http_max_body_bytes if max_body_bytes is None else max_body_bytes
        mounted = Mounted(Mount(path, app), part.name, most, when_full)
        part.undo.callback(self._mounts.remove, mounted)
        self._mounts.add(mounted)
        part.undo.callback(lifespans.remove, app)
        lifespans.add(app)

    def keep_in(self, counters: Counters) -> None:
        self._stores.keep_in(counters)

    # ------------------------------------------------------------ hooks

    @hookimpl
    async def on_boot(self, system: System, run: Run) -> None:
        settings = self._settings
        self._facts = system.facts  # filled later: the document is made when it is looked at
        self._background = Background(self._sockets, settings.http_blocked_loop_s, system.domains)
        load, streams = InFlight(settings.http_max_in_flight), self._background.streams
        self._mounts = Mounts(load)
        runtime = Runtime(run, load, self._stores, streams, form_limits(settings))
        self._endpoints = Endpoints(runtime, limits(settings))

    @hookimpl
    async def asgi_app(self) -> ASGIApp:
        settings = self._settings
        if settings.has_docs:
            self._endpoints.serve_documents(owner.get(), self._facts)
        return edge(
            Dispatcher(settings, self._endpoints.router, self._sockets, self._mounts),
            trusted_proxies=settings.http_trusted_proxies,
            cors_origins=settings.http_cors_origins,
            has_cors_credentials=settings.http_cors_credentials == "on",
            has_compression=settings.http_compression == "on",
        )

    @hookimpl
    async def on_ready(self) -> None:
        await self._background.start()

    @hookimpl
    async def on_shutdown(self) -> None:
        await self._background.stop()

    @hookimpl
    async def describe(self) -> Iterable[Fact]:
        mounts = [Fact("mount", one.owner, one.path or "/") for one in self._mounts]
        return [*map(endpoint_fact, self._endpoints), *map(websocket_fact, self._sockets), *mounts]

    @hookimpl
    async def check(self) -> Iterable[Finding]:
        is_error = self._settings.is_production and self._settings.http_unguarded == "refuse"
        unguarded = [one for one in (*self._endpoints, *self._sockets) if one.protection == "unguarded"]
        advice = "is unguarded: add guard=self.auth.require(), or public=True if anyone may call it"
        return [Finding("http-unguarded", f"{one} {advice}", one.owner.file, one.line, is_error) for one in unguarded]

    @hookimpl
    async def register_commands(self) -> Iterable[Command]:
        shown = exposed(self._endpoints, self._sockets, self._mounts, self._settings.http_max_body_bytes)
        return [
            routes_command(self._endpoints, self._sockets, self._mounts),
            openapi_command(self._endpoints.documented(), self._facts),
            kong_command(lambda: shown, gateway(self._settings)),
        ]
