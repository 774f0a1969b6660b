"""Composition root: `uvicorn asgi:app`, or any other ASGI server; `create_app` and `running` are for tests."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec

import manifest
from hookspecs import ASGIApp, Part
from kernel.boot import Kernel
from kernel.errors import BootError, explain

if TYPE_CHECKING:
    import httpx

ROOT = Path(__file__).parent
log = logging.getLogger(__name__)


class Settings(msgspec.Struct, frozen=True, rename="upper"):
    """The kernel's own settings."""

    on_broken_plugin: Annotated[Literal["stop", "quarantine"], msgspec.Meta(description="what a broken plugin does")] = "stop"
    plugins_disabled: Annotated[str, msgspec.Meta(description="plugins to leave out: `users.login,system.status`")] = ""
    boot_timeout_s: Annotated[float, msgspec.Meta(description="time for each hook of the boot", gt=0)] = 10.0
    shutdown_timeout_s: Annotated[float, msgspec.Meta(description="time for each hook of the shutdown", gt=0)] = 10.0


def make_kernel(environ: Mapping[str, str], root: Path = ROOT) -> Kernel:
    """Make the kernel that these settings ask for."""
    settings = msgspec.convert(environ, Settings, strict=False)
    disabled = filter(None, settings.plugins_disabled.replace(",", " ").split())
    return Kernel(root, environ, boot_timeout_s=settings.boot_timeout_s, shutdown_timeout_s=settings.shutdown_timeout_s,
                  quarantine=settings.on_broken_plugin == "quarantine", disabled=disabled)  # fmt: skip


async def refuse(scope: Any, receive: Any, send: Any) -> None:
    """Answer 503 without details: what a system does that could not boot."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1013})
        return
    headers = [(b"content-type", b"application/problem+json"), (b"retry-after", b"30")]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": b'{"type":"about:blank","title":"Service Unavailable","status":503}'})


class Application:
    """One system as an ASGI callable: it boots in the lifespan or, where none is sent, before the first request."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.failure: Exception | None = None
        self._environ = environ
        self._serve: ASGIApp = refuse
        self._kernel: Kernel | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._booting: asyncio.Task[None] | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one connection, or the server's lifespan."""
        if scope["type"] == "lifespan":
            return await self._lifespan(receive, send)
        if self._loop is not asyncio.get_running_loop():
            await self.start()
        await self._serve(scope, receive, send)

    async def start(self) -> None:
        """Boot once, in a task of its own that no client's cancellation reaches; `failure` says what went wrong."""
        self._booting = self._booting or asyncio.create_task(self._boot())
        if self._booting.get_loop() is not asyncio.get_running_loop():
            raise RuntimeError("this app serves another event loop: make one for each with `create_app`")
        await asyncio.shield(self._booting)

    async def stop(self) -> None:
        """Shut down what booted."""
        if self._kernel:
            await self._kernel.shutdown()

    async def _boot(self) -> None:
        try:
            kernel = make_kernel(self._environ)
            await kernel.boot()
            self._kernel, self._serve = kernel, kernel.app or refuse
            manifest.publish(kernel.system, self._environ, ROOT)
        except Exception as error:
            self.failure = explain(Part("kernel", "asgi.py"), "boot", error, ROOT)
            log.critical("%s", self.failure, exc_info=None if isinstance(error, BootError | msgspec.ValidationError) else error)
        self._loop = asyncio.get_running_loop()

    async def _lifespan(self, receive: Any, send: Any) -> None:
        await receive()
        await self.start()
        if self.failure:  # logged already: the server adds nothing, and exits
            await send({"type": "lifespan.startup.failed", "message": ""})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.stop()
        await send({"type": "lifespan.shutdown.complete"})


def create_app(environ: Mapping[str, str] | None = None) -> Application:
    """Make an app that has not booted yet; `environ` stands in for the process's environment."""
    return Application(os.environ if environ is None else environ)


@asynccontextmanager
async def running(settings: Mapping[str, str] | None = None) -> AsyncIterator["httpx.AsyncClient"]:
    """Boot on scratch settings (temporary files, all in memory), changed by `settings`, and yield a client.

    Raises:
        BootError: what a server would log before it exits.
    """
    import httpx

    with manifest.scratch() as scratch:
        app = create_app({**scratch, **(settings or {})})
        await app.start()
        if app.failure:
            raise app.failure
        try:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
                yield client
        finally:
            await app.stop()


app = create_app()
