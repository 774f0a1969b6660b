"""An edge around a small app that shows what reached it, and a client in front."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from tools.http.edge.layers import edge

Pairs = list[tuple[bytes, bytes]]


class Inner:
    """Keeps the last scope, and answers what it is told to."""

    def __init__(self, body: bytes = b"{}", headers: Pairs | None = None, status: int = 200) -> None:
        self.body, self.status, self.scope = body, status, dict[str, Any]()
        self.headers = headers if headers is not None else [(b"content-type", b"application/json")]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.scope = scope
        length = (b"content-length", b"%d" % len(self.body))
        await send({"type": "http.response.start", "status": self.status, "headers": (*self.headers, length)})
        body = b"" if scope["method"] == "HEAD" else self.body
        await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def asked(app: Any, peer: str = "203.0.113.9", **settings: Any) -> AsyncIterator[httpx.AsyncClient]:
    """Ask an app behind an edge, as a peer of this address."""
    transport = httpx.ASGITransport(edge(app, **settings), client=(peer, 4_000))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        client.headers.pop("accept-encoding")
        yield client
