"""What tests/servers/test_websockets.py lets a server serve: `uvicorn tests.servers.websocket_app:app`."""

import asyncio
import time
from typing import Any

from hookspecs import Refusal
from tests.contracts.http_socket import Door
from tools.http.contract import Context, Socket
from tools.http.sockets.route import SocketLimits

TOKEN_S = 1.0
door = Door(SocketLimits(send_timeout_s=1.0, grace_s=1.0), max_open=50)
members: set[Socket[Any, Any]] = set()


async def echo(socket: Socket[str, str]) -> None:
    members.add(socket)
    try:
        async for message in socket:
            await socket.send(message)
    finally:
        members.discard(socket)


async def echo_large(socket: Socket[bytes, bytes]) -> None:
    async for message in socket:
        await socket.send(message)


async def pour(socket: Socket[str, str]) -> None:
    members.add(socket)
    try:
        while True:
            await socket.send("x" * 60_000)
    finally:
        members.discard(socket)


async def count(socket: Socket[str, int]) -> None:
    await socket.send(len(members))


async def hang(socket: Socket[str, str]) -> None:
    await socket.send("ready")
    await asyncio.sleep(3600)


class OneSecond:
    """A guard that takes a token until it is TOKEN_S old."""

    scheme = "bearer"

    async def __call__(self, context: Context) -> dict[str, float]:
        made_at = float((context.headers.get("authorization") or "Bearer 0").removeprefix("Bearer "))
        if made_at + TOKEN_S < time.time():
            raise Refusal(401, "sign in again")
        return {"exp": made_at + TOKEN_S}


door.add("/echo", echo)
door.add("/large", echo_large, max_message_bytes=64 * 1024 * 1024)
door.add("/pour", pour)
door.add("/count", count)
door.add("/hang", hang)
door.add("/guarded", echo, guard=OneSecond())


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Serve sockets, and the lifespan as the kernel does."""
    if scope["type"] != "lifespan":
        await door(scope, receive, send)
        return
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await door.sockets.close_all()
    await send({"type": "lifespan.shutdown.complete"})
