"""Starlette's `Route`, with msgspec for bodies and answers."""

import time
from collections.abc import Callable
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from benchmarks.http_peers.models import BLOCKED_S, ROWS, Item, NewUser, Row, Thing, User, made_types

encode = msgspec.json.Encoder().encode
decode_user = msgspec.json.Decoder(NewUser).decode
decode_row = msgspec.json.Decoder(Row).decode


def answer(value: Any, status: int = 200) -> Response:
    """Encode an answer."""
    return Response(encode(value), status, media_type="application/json")


async def ping(request: Request) -> Response:
    """GET /ping."""
    return answer({"ok": True})


async def item(request: Request) -> Response:
    """GET /items/{id}?q=."""
    return answer(Item(request.path_params["id"], request.query_params.get("q")))


async def create_user(request: Request) -> Response:
    """POST /users."""
    try:
        new = decode_user(await request.body())
    except msgspec.DecodeError as error:
        return answer({"detail": str(error)}, 422)
    return answer(User(1, new.name, new.email, new.age, new.tags), 201)


async def rows(request: Request) -> Response:
    """GET /rows."""
    return answer(ROWS)


async def create_row(request: Request) -> Response:
    """POST /rows."""
    try:
        return answer(decode_row(await request.body()), 201)
    except msgspec.DecodeError as error:
        return answer({"detail": str(error)}, 422)


def blocked(request: Request) -> Response:
    """GET /blocked."""
    time.sleep(BLOCKED_S)
    return answer({"ok": True})


async def thing(request: Request) -> Response:
    """GET /things{number}/{id}."""
    return answer(Thing(request.path_params["id"]))


async def make_app() -> Starlette:
    """Make the endpoints."""
    return Starlette(
        routes=[
            Route("/ping", ping),
            Route("/items/{id:int}", item),
            Route("/users", create_user, methods=["POST"]),
            Route("/rows", rows, methods=["GET"]),
            Route("/rows", create_row, methods=["POST"]),
            Route("/blocked", blocked),
        ]
    )


async def make_routes(count: int, kind: str) -> Starlette:
    """Make `count` routes of one kind."""
    if kind == "static":
        return Starlette(routes=[Route(f"/route{number}", ping) for number in range(count)])
    return Starlette(routes=[Route(f"/things{number}/{{id:int}}", thing) for number in range(count)])


make_types = made_types


async def declare(types: list[Any]) -> Starlette:
    """Declare an endpoint for each pair of types."""
    return Starlette(
        routes=[
            Route(f"/made{number}", create(*pair), methods=["POST"], name=f"create{number}")
            for number, pair in enumerate(types)
        ]
    )


def create(new_type: Any, made_type: Any) -> Callable[[Request], Any]:
    """Make one handler."""
    decode = msgspec.json.Decoder(new_type).decode

    async def create(request: Request) -> Response:
        new = decode(await request.body())
        return answer(made_type(1, new.name, new.amount), 201)

    return create
