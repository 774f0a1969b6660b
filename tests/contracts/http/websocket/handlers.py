"""Handlers of WebSockets, and what they take."""

from typing import Annotated

from msgspec import Meta, Struct

from hookspecs import Refusal
from tools.http.contract import Context, Header, Socket


class Said(Struct):
    text: Annotated[str, Meta(max_length=20)]
    likes: int = 0


class Secret(Said):
    password: str = "argon2"


class Opaque:
    pass


async def echo(socket: Socket[str, str]) -> None:
    async for message in socket:
        await socket.send(message)


async def echo_bytes(socket: Socket[bytes, bytes]) -> None:
    async for message in socket:
        await socket.send(message)


async def echo_said(socket: Socket[Said, Said]) -> None:
    async for said in socket:
        assert type(said) is Said
        await socket.send(said)


async def echo_any(socket: Socket) -> None:  # type: ignore[type-arg]  # what a beginner writes
    async for message in socket:
        await socket.send(message)


async def keeper(context: Context) -> str:
    token = context.headers.get("authorization")
    if token is None:
        raise Refusal(401, "who are you")
    if token != "Bearer good":
        raise Refusal(403, "not you")
    return "ana"


async def room(
    id: int, socket: Socket[str, str], context: Context, since: int = 0, tenant: Annotated[str, Header("x-tenant")] = ""
) -> None:
    await socket.send(f"{id} {since} {tenant} {context.request_id}")
