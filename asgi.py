"""Composition root: `uvicorn asgi:app`, or any other ASGI server; `create_app` and `running` are for tests."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec
from starlette.responses import JSONResponse

import manifest
from hookspecs import ASGIApp, Part
from kernel.boot import Kernel
from kernel.errors import BootError, explain

ROOT = Path(__file__).parent
log = logging.getLogger(__name__)
OUT_OF_ORDER = JSONResponse(
    {"title": "Service Unavailable", "status": 503}, 503, {"retry-after": "30"}, "application/problem+json"
)


def make_kernel(environ: Mapping[str, str], root: Path = ROOT) -> Kernel:
    """Make the kernel that these settings ask for."""
    settings = msgspec.convert(environ, manifest.KernelSettings, strict=False)
    timeouts_s = {"boot_timeout_s": settings.boot_timeout_s, "shutdown_timeout_s": settings.shutdown_timeout_s}
    disabled = settings.plugins_disabled.replace(",", " ").split()
    return Kernel(root, environ, quarantine=settings.on_broken_plugin == "quarantine", disabled=disabled, **timeouts_s)


class Application:
    """One system as an ASGI callable: it boots in the lifespan or, where none is sent, before the first request."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._serve: ASGIApp = OUT_OF_ORDER
        self._booting: asyncio.Task[Kernel] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one connection, or the server's lifespan."""
        if scope["type"] == "lifespan":
            return await self._live(receive, send)
        if self._loop is not asyncio.get_running_loop():
            with suppress(BootError):
                await self.start()
        await self._serve(scope, receive, send)

    async def start(self) -> Kernel:
        """Boot once, in a task of its own that no client's cancellation reaches.

        Raises:
            BootError: what went wrong, which is in the log.
        """
        self._booting = self._booting or asyncio.create_task(self._boot())
        if self._booting.get_loop() is not asyncio.get_running_loop():
            raise RuntimeError("this app serves another event loop: make one for each with `create_app`")
        return await asyncio.shield(self._booting)

    async def _boot(self) -> Kernel:
        try:
            kernel = make_kernel(self._environ)
            await kernel.boot()
            manifest.publish(kernel.system, self._environ, ROOT)
            self._serve = kernel.app or OUT_OF_ORDER
            return kernel
        except Exception as error:
            failure = explain(Part("kernel", "asgi.py"), "boot", error, ROOT)
            log.critical("%s", failure, exc_info=None if isinstance(error, BootError | msgspec.ValidationError) else error)
            raise failure if isinstance(failure, BootError) else BootError("boot", [failure]) from None
        finally:
            self._loop = asyncio.get_running_loop()

    async def _live(self, receive: Any, send: Any) -> None:
        await receive()
        try:
            kernel = await self.start()
        except BootError:  # it is in the log: the server only exits
            return await send({"type": "lifespan.startup.failed", "message": ""})
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await kernel.shutdown()
        await send({"type": "lifespan.shutdown.complete"})


def create_app(environ: Mapping[str, str] | None = None) -> Application:
    """Make an app that has not booted yet; `environ` stands in for the process's environment."""
    return Application(os.environ if environ is None else environ)


@asynccontextmanager
async def running(settings: Mapping[str, str] | None = None) -> AsyncIterator[Any]:
    """Boot on scratch settings (temporary files, all in memory), changed by `settings`; yield an `httpx.AsyncClient`.

    Raises:
        BootError: what a server would log before it exits.
    """
    from httpx import ASGITransport, AsyncClient

    with manifest.scratch() as scratch:
        app = create_app({**scratch, **(settings or {})})
        kernel = await app.start()
        try:
            async with AsyncClient(transport=ASGITransport(app), base_url="http://localhost") as client:
                yield client
        finally:
            await kernel.shutdown()


app = create_app()
