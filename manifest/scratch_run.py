"""A whole app on scratch settings, and a client of it."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from manifest.scratch_settings import scratch


@asynccontextmanager
async def running(create_app: Callable[[Mapping[str, str]], Any], settings: Mapping[str, str]) -> AsyncIterator[Any]:
    """Boot an app on scratch settings, changed by `settings`; yield an `httpx.AsyncClient`, then shut it down.

    Args:
        create_app: makes what `await start()` boots; that answers with the kernel, or with what went wrong.
        settings: what differs.

    Raises:
        Exception: what a server would log before it exits.
    """
    from httpx import ASGITransport, AsyncClient  # a server needs no client

    with scratch() as environ:
        app = create_app({**environ, **settings})
        kernel = await app.start()
        if isinstance(kernel, Exception):
            raise kernel
        try:
            async with AsyncClient(transport=ASGITransport(app), base_url="http://localhost") as client:
                yield client
        finally:
            await kernel.shutdown()
