"""A uvicorn server in this process, on our protocol, for any ASGI app."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import uvicorn

from tools.http.serving.protocol import GuardedProtocol

App = Callable[[Any, Any, Any], Awaitable[None]]


@asynccontextmanager
async def guarded(app: App, **options: Any) -> AsyncIterator[int]:
    """Serve it; yield the port."""
    config = uvicorn.Config(
        app, http=GuardedProtocol, lifespan="off", log_config=None, reset_contextvars=True, access_log=False, **options
    )
    server = uvicorn.Server(config)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        task = asyncio.create_task(server.serve([listener]))
        while not server.started:
            await asyncio.sleep(0.01)
        try:
            yield int(listener.getsockname()[1])
        finally:
            server.should_exit = True
            await task


async def body_of(receive: Any) -> bytes | None:
    """Read a whole body; None if the client left before."""
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body, more = body + message.get("body", b""), message.get("more_body", False)
    return body


async def answer(send: Any, body: bytes, *headers: tuple[bytes, bytes]) -> None:
    """Send a 200 of known length."""
    length = (b"content-length", b"%d" % len(body))
    await send({"type": "http.response.start", "status": 200, "headers": [length, *headers]})
    await send({"type": "http.response.body", "body": body})
