"""A WebSocket's client that speaks ASGI messages, so that a test sees each one and nothing waits for a network."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from hookspecs import Trace, Undo, owner, trace
from tests.contracts.http_served import hook
from tools.http.context import RequestContext
from tools.http.problem import Problem
from tools.http.sockets.handshake import refuse
from tools.http.sockets.route import SocketLimits
from tools.http.sockets.sockets import Sockets

WAIT_S = 5.0
WITH_RESPONSE: dict[str, Any] = {"websocket.http.response": {}}


class Door:
    """The WebSockets of an http tool by themselves, behind what a dispatcher does for them."""

    def __init__(self, limits: SocketLimits = SocketLimits(), **options: Any) -> None:  # noqa: B008 (a tuple)
        self.sockets = Sockets(limits, **options)

    def add(self, path: str, handler: Callable[..., Any], **options: Any) -> Undo:
        """Register, as a plugin does it."""
        options = {"public": "guard" not in options, **options}
        with hook() as part:
            self.sockets.add(owner.get(), path, handler, **options)
        return part.undo

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        trace.set(Trace("made-1", "made-1"))
        context = RequestContext(scope, receive, dict(scope["headers"]), "made-1")
        try:
            route, context.path = self.sockets.find(scope["path"])
            if route is None:
                raise Problem(404, "nothing is here")
            await self.sockets.serve(route, context, send)
        except Problem as problem:
            await refuse(context, send, problem)


class SocketClient:
    """One connection: what the app sent is in `next`; clear `reads` and it is a client that does not read."""

    def __init__(self, app: Any, path: str, **scope: Any) -> None:
        self._arriving: asyncio.Queue[Any] = asyncio.Queue()
        self._sent: asyncio.Queue[Any] = asyncio.Queue()
        self.reads = asyncio.Event()
        self.reads.set()
        self.is_gone = False
        path, _, query = path.partition("?")
        headers = [(b"host", b"localhost"), *scope.pop("headers", ())]
        full: dict[str, Any] = {
            "type": "websocket",
            "http_version": "1.1",
            "scheme": "ws",
            "root_path": "",
            "path": path,
        }
        full |= {"query_string": query.encode(), "headers": headers, "subprotocols": [], "extensions": WITH_RESPONSE}
        self._arriving.put_nowait({"type": "websocket.connect"})
        self.task = asyncio.create_task(app({**full, **scope}, self._receive, self._send))

    async def _receive(self) -> Any:
        return await self._arriving.get()

    async def _send(self, message: Any) -> None:
        await self.reads.wait()
        if self.is_gone:
            raise OSError("the client is gone")
        self._sent.put_nowait(message)

    @property
    def untaken(self) -> int:
        """How many messages the app has not taken from its server."""
        return self._arriving.qsize()

    def say(self, data: str | bytes) -> None:
        """Send a text or a binary message."""
        self._arriving.put_nowait({"type": "websocket.receive", "text" if isinstance(data, str) else "bytes": data})

    def say_json(self, value: Any) -> None:
        self.say(msgspec.json.encode(value).decode())

    def leave(self) -> None:
        """Be gone: the app is told, and can send no more."""
        self.is_gone = True
        self._arriving.put_nowait({"type": "websocket.disconnect", "code": 1005})

    async def next(self) -> Any:
        """Wait for what the app sends next."""
        return await asyncio.wait_for(self._sent.get(), WAIT_S)

    async def hear(self) -> Any:
        """Wait for a message's text or bytes."""
        message = await self.next()
        assert message["type"] == "websocket.send", message
        return message["text"] if "text" in message else message["bytes"]

    async def hear_json(self) -> Any:
        return msgspec.json.decode(await self.hear())

    async def closed(self) -> tuple[int, str]:
        """Wait for the end, and answer with its code and reason."""
        message = await self.next()
        assert message["type"] == "websocket.close", message
        return message["code"], message["reason"]

    async def closed_after(self) -> tuple[list[Any], tuple[int, str]]:
        """Wait for the end, and answer with what came before it, too."""
        heard = [await self.next()]
        while heard[-1]["type"] == "websocket.send":
            heard.append(await self.next())
        return heard[:-1], (heard[-1]["code"], heard[-1]["reason"])

    async def refused(self) -> tuple[int, dict[str, str], Any]:
        """Wait for the answer to a handshake that is refused: status, headers, problem."""
        start, body = await self.next(), await self.next()
        assert start["type"] == "websocket.http.response.start", start
        named = {name.decode(): value.decode("latin-1") for name, value in start["headers"]}
        return start["status"], named, msgspec.json.decode(body["body"])

    async def ended(self) -> None:
        """Wait until the app has returned."""
        await asyncio.wait_for(asyncio.shield(self.task), WAIT_S)


@asynccontextmanager
async def connecting(app: Any, path: str = "/x", **scope: Any) -> AsyncIterator[SocketClient]:
    """Knock, and be gone at the end, whatever happened."""
    client = SocketClient(app, path, **scope)
    try:
        yield client
    finally:
        client.leave()
        client.reads.set()
        await asyncio.wait([client.task], timeout=WAIT_S)
        assert client.task.done(), "the app holds on to a socket whose client is gone"


@asynccontextmanager
async def connected(app: Any, path: str = "/x", **scope: Any) -> AsyncIterator[SocketClient]:
    """Connect, and be accepted."""
    async with connecting(app, path, **scope) as client:
        accepted = await client.next()
        assert accepted["type"] == "websocket.accept", accepted
        yield client


def headers(pairs: Iterable[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    """Write headers as ASGI has them."""
    return [(name.encode(), value.encode()) for name, value in pairs]
