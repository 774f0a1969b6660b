"""BlackSheep with its own binding of paths and queries, and msgspec for bodies and answers."""

from typing import Any

import msgspec
from blacksheep import Application, Content, Request, Response, Router

from benchmarks.http_peers.models import ROWS, Item, NewUser, Row, Thing, User, made_types

encode = msgspec.json.Encoder().encode
decode_user = msgspec.json.Decoder(NewUser).decode
decode_row = msgspec.json.Decoder(Row).decode


def answer(value: Any, status: int = 200) -> Response:
    """Encode an answer."""
    return Response(status, None, Content(b"application/json", encode(value)))


async def ping() -> Response:
    """GET /ping."""
    return answer({"ok": True})


async def item(id: int, q: str | None = None) -> Response:
    """GET /items/{id}?q=."""
    return answer(Item(id, q))


async def create_user(request: Request) -> Response:
    """POST /users."""
    try:
        new = decode_user(await request.read() or b"")
    except msgspec.DecodeError as error:
        return answer({"detail": str(error)}, 422)
    return answer(User(1, new.name, new.email, new.age, new.tags), 201)


async def rows() -> Response:
    """GET /rows."""
    return answer(ROWS)


async def create_row(request: Request) -> Response:
    """POST /rows."""
    try:
        return answer(decode_row(await request.read() or b""), 201)
    except msgspec.DecodeError as error:
        return answer({"detail": str(error)}, 422)


async def thing(id: int) -> Response:
    """GET /things{number}/{id}."""
    return answer(Thing(id))


def empty() -> Application:
    """Make an app with a router of its own: the default one is shared by a whole process."""
    return Application(router=Router())


async def make_app() -> Application:
    """Make the endpoints."""
    app = empty()
    app.router.add_get("/ping", ping)
    app.router.add_get("/items/{int:id}", item)
    app.router.add_post("/users", create_user)
    app.router.add_get("/rows", rows)
    app.router.add_post("/rows", create_row)
    return app


async def make_routes(count: int, kind: str) -> Application:
    """Make `count` routes of one kind."""
    app = empty()
    for number in range(count):
        if kind == "static":
            app.router.add_get(f"/route{number}", ping)
        else:
            app.router.add_get(f"/things{number}/{{int:id}}", thing)
    return app


make_types = made_types


async def declare(types: list[Any]) -> Application:
    """Declare an endpoint for each pair of types."""
    app = empty()
    for number, pair in enumerate(types):
        app.router.add_post(f"/made{number}", create(*pair))
    return app


def create(new_type: Any, made_type: Any) -> Any:
    """Make one handler."""
    decode = msgspec.json.Decoder(new_type).decode

    async def create(request: Request) -> Response:
        new = decode(await request.read() or b"")
        return answer(made_type(1, new.name, new.amount), 201)

    return create
