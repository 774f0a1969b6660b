"""Composition root: `uvicorn asgi:app`, or any other ASGI server; `create_app` and `running` are for tests."""

import asyncio
import logging
import os
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import msgspec
from starlette.responses import JSONResponse

import manifest
from hookspecs import Part
from kernel.boot import Kernel
from kernel.errors import BootError, explain

ROOT = Path(__file__).parent
PROBLEM = {"type": "about:blank", "title": "Service Unavailable", "status": 503}
OUT_OF_ORDER = JSONResponse(PROBLEM, 503, {"retry-after": "30"}, "application/problem+json")
log = logging.getLogger(__name__)


def make_kernel(environ: Mapping[str, str]) -> Kernel:
    """Make the kernel that these settings ask for."""
    return Kernel(ROOT, environ, msgspec.convert(environ, manifest.KernelSettings, strict=False))


class Application:
    """One system as an ASGI callable: it boots in the lifespan or, where none is sent, before the first request."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._booting: asyncio.Task[Kernel | Exception] | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one connection, or the server's lifespan."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            serve = getattr(await self.start(), "app", None) or OUT_OF_ORDER
            await serve(scope, receive, send)

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
        return kernel

    async def _live(self, receive: Any, send: Any) -> None:
        await receive()
        kernel = await self.start()
        if isinstance(kernel, Exception):
            await send({"type": "lifespan.startup.failed", "message": ""})
        else:
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await kernel.shutdown()
            await send({"type": "lifespan.shutdown.complete"})


def create_app(environ: Mapping[str, str] | None = None) -> Application:
    """Make an app that has not booted yet; `environ` stands in for the process's environment."""
    return Application(os.environ if environ is None else environ)


def running(settings: Mapping[str, str] | None = None) -> AbstractAsyncContextManager[Any]:
    """Boot on scratch settings (temporary files, all in memory), changed by `settings`; yield an `httpx.AsyncClient`.

    Raises:
        Exception: what a server would log before it exits.
    """
    return manifest.running(create_app, settings or {})


app = create_app()
