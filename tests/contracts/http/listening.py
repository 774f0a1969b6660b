"""An ASGI client that takes an answer message by message, as slowly as a test wants."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from tests.contracts.http_served import Served, hook

WAIT_S = 5.0
Headers = Sequence[tuple[bytes, bytes]]


class Client:
    """One request that is being answered; `task` is the app's part of it."""

    def __init__(self, app: Any, method: str, path: str, headers: Headers) -> None:
        self._left, self._arrived, self._wanted = asyncio.Event(), asyncio.Queue[Any](), asyncio.Semaphore(0)
        self._is_asked = False
        scope = {"type": "http", "http_version": "1.1", "scheme": "http", "root_path": "", "query_string": b""}
        scope |= {"method": method, "path": path, "headers": [(b"host", b"localhost"), *headers]}
        self.task = asyncio.create_task(self._serve(app, scope))

    async def _serve(self, app: Any, scope: Any) -> None:
        await app(scope, self._receive, self._send)

    async def _receive(self) -> dict[str, Any]:
        if self._is_asked:
            await self._left.wait()
            return {"type": "http.disconnect"}
        self._is_asked = True
        return {"type": "http.request", "body": b"", "more_body": False}

    async def _send(self, message: Any) -> None:
        """Take a message only when the test reads: a full buffer, as a server's `send` shows it."""
        await self._wanted.acquire()
        self._arrived.put_nowait(message)

    async def message(self) -> Any:
        self._wanted.release()
        return await asyncio.wait_for(self._arrived.get(), WAIT_S)

    async def start(self) -> tuple[int, dict[str, str]]:
        message = await self.message()
        return message["status"], {name.decode(): value.decode() for name, value in message["headers"]}

    async def read(self) -> bytes:
        """Read the next chunk."""
        body: bytes = (await self.message()).get("body", b"")
        return body

    async def end(self) -> None:
        """Wait until the app is done with the request."""
        await asyncio.wait_for(asyncio.shield(self.task), WAIT_S)

    def leave(self) -> None:
        self._left.set()


@asynccontextmanager
async def asking(served: Served, path: str = "/x", method: str = "GET", headers: Headers = ()) -> AsyncIterator[Client]:
    """Ask, and leave when the block ends."""
    client = Client(served.app, method, path, headers)
    try:
        yield client
    finally:
        client.leave()
        client.task.cancel()
        await asyncio.wait({client.task})


def listen(http: Served, handler: Any, path: str = "/x", **options: Any) -> None:
    with hook():
        http.http.add_sse(path, handler, **{"public": True, **options})


async def events(client: Client, amount: int) -> list[bytes]:
    """Read so many events; comments are none."""
    found: list[bytes] = []
    while len(found) < amount:
        chunk = await client.read()
        found += [] if chunk.startswith(b":") else [chunk]
    return found
