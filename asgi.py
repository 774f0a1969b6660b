"""Composition root: `uvicorn asgi:app`, or any other ASGI server; `create_app` and `running` are for tests."""

import asyncio
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from starlette.responses import JSONResponse

import manifest
from hookspecs import Part
from kernel.boot import Kernel
from kernel.errors import BootError, explain

ROOT = Path(__file__).parent
DOWN = JSONResponse({"title": "Service Unavailable", "status": 503}, 503, media_type="application/problem+json")
log = logging.getLogger(__name__)


def make_kernel(environ: Mapping[str, str]) -> Kernel:
    """Make the kernel that these settings ask for."""
    return Kernel(ROOT, environ, msgspec.convert(environ, manifest.KernelSettings, strict=False))


class Application:
    """One system as an ASGI callable: it boots in the lifespan or, where none is sent, before the first request.

    Args:
        environ: stands in for the process's environment.
    """

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._environ = environ
        self._booting: asyncio.Task[Kernel | Exception] | None = None
        self._apps: dict[asyncio.AbstractEventLoop, Any] = {}  # one at most: what has booted is found by one look

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one connection, or the server's lifespan."""
        serve = self._live if scope["type"] == "lifespan" else self._apps.get(asyncio.get_running_loop())
        await (serve or getattr(await self.start(), "app", None) or DOWN)(scope, receive, send)

    async def start(self) -> Kernel | Exception:
        """Boot once, in a task of its own that no client's cancellation reaches; what went wrong is in the log."""
        self._booting = self._booting or asyncio.create_task(self._boot())
        if self._booting.get_loop() is not asyncio.get_running_loop():
            raise RuntimeError("this app serves another event loop: make one for each with `create_app`")
        return self._booting.result() if self._booting.done() else await asyncio.shield(self._booting)

    async def _boot(self) -> Kernel | Exception:
        try:
            kernel = make_kernel(self._environ)
            await kernel.boot()
        except Exception as error:
            failure = explain(Part("kernel", "asgi.py"), "boot", error, ROOT)
            log.critical("%s", failure, exc_info=not isinstance(error, BootError | msgspec.ValidationError))
            return failure
        manifest.publish(kernel.system, self._environ, ROOT)
        self._apps[asyncio.get_running_loop()] = kernel.app
        return kernel

    async def _live(self, scope: Any, receive: Any, send: Any) -> None:
        await receive()
        kernel = await self.start()
        await send({"type": f"lifespan.startup.{'complete' if isinstance(kernel, Kernel) else 'failed'}"})
        if isinstance(kernel, Kernel):
            await receive()
            await kernel.shutdown()
            await send({"type": "lifespan.shutdown.complete"})


create_app = Application


def running(settings: Mapping[str, str] | None = None) -> Any:
    """Boot on scratch settings (temporary files), changed by `settings`; yield an `httpx.AsyncClient`.

    Events are stored, as when it is served; with `EVENT_BUS_URL=memory://` leaving waits until all are handled.

    Raises:
        Exception: what a server would log before it exits.
    """
    return manifest.running(create_app, settings or {})


app = create_app()
