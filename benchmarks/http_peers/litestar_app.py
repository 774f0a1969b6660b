"""Litestar with msgspec Structs, which is its own way; all else is its default."""

from typing import Any

from litestar import Litestar, get, post

from benchmarks.http_peers.models import ROWS, Item, NewUser, Row, Thing, User, made_types


@get("/ping")
async def ping() -> dict[str, bool]:
    """GET /ping."""
    return {"ok": True}


@get("/items/{id:int}")
async def item(id: int, q: str | None = None) -> Item:
    """GET /items/{id}?q=."""
    return Item(id, q)


@post("/users")
async def create_user(data: NewUser) -> User:
    """POST /users."""
    return User(1, data.name, data.email, data.age, data.tags)


@get("/rows")
async def rows() -> list[Row]:
    """GET /rows."""
    return ROWS


@post("/rows")
async def create_row(data: Row) -> Row:
    """POST /rows."""
    return data


async def make_app() -> Litestar:
    """Make the endpoints."""
    return Litestar([ping, item, create_user, rows, create_row])


async def make_routes(count: int, kind: str) -> Litestar:
    """Make `count` routes of one kind."""
    if kind == "static":
        return Litestar([get(f"/route{number}")(answer_ping) for number in range(count)])
    return Litestar([get(f"/things{number}/{{id:int}}")(answer_thing) for number in range(count)])


async def answer_ping() -> dict[str, bool]:
    """GET /route{number}."""
    return {"ok": True}


async def answer_thing(id: int) -> Thing:
    """GET /things{number}/{id}."""
    return Thing(id)


make_types = made_types


async def declare(types: list[Any]) -> Litestar:
    """Declare an endpoint for each pair of types."""
    return Litestar([post(f"/made{number}")(create(*pair)) for number, pair in enumerate(types)])


def create(new_type: Any, made_type: Any) -> Any:
    """Make one handler."""

    async def create(data: Any) -> Any:
        return made_type(1, data.name, data.amount)

    create.__annotations__ = {"data": new_type, "return": made_type}
    return create
