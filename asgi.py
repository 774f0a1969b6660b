"""Composition root: `uvicorn asgi:app`, or any other ASGI server; `create_app` and `running` are for tests."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
from starlette.responses import JSONResponse

import manifest
from hookspecs import ASGIApp, Part
from kernel.boot import Kernel
from kernel.errors import BootError, explain

ROOT = Path(__file__).parent
OUT_OF_ORDER = {"type": "about:blank", "title": "Service Unavailable", "status": 503}
log = logging.getLogger(__name__)


def make_kernel(environ: Mapping[str, str], root: Path = ROOT) -> Kernel:
    """Make the kernel that these settings ask for."""
    settings = msgspec.structs.asdict(msgspec.convert(environ, manifest.KernelSettings, strict=False))
    quarantine = settings.pop("on_broken_plugin") == "quarantine"
    disabled = settings.pop("plugins_disabled").replace(",", " ").split()
    return Kernel(root, environ, quarantine=quarantine, disabled=disabled, **settings)


class Application:
    """One system as an ASGI callable: it boots in the lifespan or, where none is sent, before the first request."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._serve: ASGIApp = JSONResponse(OUT_OF_ORDER, 503, {"retry-after": "30"}, "application/problem+json")
        self._booting: asyncio.Task[Kernel | Exception] | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one connection, or the server's lifespan."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            booting = self._booting
            if not (booting and booting.done() and booting.get_loop() is asyncio.get_running_loop()):
                await self.start()
            await self._serve(scope, receive, send)

    async def start(self) -> Kernel | Exception:
        """Boot once, in a task of its own that no client's cancellation reaches; what went wrong is in the log."""
        self._booting = self._booting or asyncio.create_task(self._boot())
        if self._booting.get_loop() is not asyncio.get_running_loop():
            raise RuntimeError("this app serves another event loop: make one for each with `create_app`")
        return await asyncio.shield(self._booting)

    async def _boot(self) -> Kernel | Exception:
        try:
            kernel = make_kernel(self._environ)
            await kernel.boot()
        except Exception as error:
            failure = explain(Part("kernel", "asgi.py"), "boot", error, ROOT)
            log.critical("%s", failure, exc_info=not isinstance(error, BootError | msgspec.ValidationError))
            return failure
        manifest.publish(kernel.system, self._environ, ROOT)
        self._serve = kernel.app or self._serve
        return kernel

    async def _live(self, receive: Any, send: Any) -> None:
        await receive()
        kernel = await self.start()
        if isinstance(kernel, Exception):
            await send({"type": "lifespan.startup.failed", "message": ""})
            return
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
        Exception: what a server would log before it exits.
    """
    from httpx import ASGITransport, AsyncClient

    with manifest.scratch() as scratch:
        app = create_app({**scratch, **(settings or {})})
        kernel = await app.start()
        if isinstance(kernel, Exception):
            raise kernel
        try:
            async with AsyncClient(transport=ASGITransport(app), base_url="http://localhost") as client:
                yield client
        finally:
            await kernel.shutdown()


app = create_app()
