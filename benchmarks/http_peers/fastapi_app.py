"""FastAPI with Pydantic models, which is its own way; all else is its default."""

import time
from typing import Annotated, Any

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field, create_model

from benchmarks.http_peers.models import BLOCKED_S, EMAIL, MAX_AGE, MAX_EMAIL, MAX_NAME
from benchmarks.http_peers.models import ROWS as STRUCTS


class Item(BaseModel):
    """What GET /items/{id} answers."""

    id: int
    q: str | None


class Thing(BaseModel):
    """What one of many routes with a placeholder answers."""

    id: int


class NewUser(BaseModel):
    """What POST /users takes."""

    model_config = ConfigDict(extra="forbid")
    name: Annotated[str, Field(min_length=1, max_length=MAX_NAME)]
    email: Annotated[str, Field(max_length=MAX_EMAIL, pattern=EMAIL)]
    age: Annotated[int, Field(ge=0, le=MAX_AGE)] | None = None
    tags: list[str] = []


class User(BaseModel):
    """What POST /users answers."""

    id: int
    name: str
    email: str
    age: int | None
    tags: list[str]


class Row(BaseModel):
    """One line of GET /rows, and what POST /rows takes and answers."""

    id: int
    name: str
    email: str
    amount: float
    is_active: bool


ROWS = [Row(id=one.id, name=one.name, email=one.email, amount=one.amount, is_active=one.is_active) for one in STRUCTS]


async def ping() -> dict[str, bool]:
    """GET /ping."""
    return {"ok": True}


async def item(id: int, q: str | None = None) -> Item:
    """GET /items/{id}?q=."""
    return Item(id=id, q=q)


async def create_user(new: NewUser) -> User:
    """POST /users."""
    return User(id=1, name=new.name, email=new.email, age=new.age, tags=new.tags)


async def rows() -> list[Row]:
    """GET /rows."""
    return ROWS


async def create_row(row: Row) -> Row:
    """POST /rows."""
    return row


def blocked() -> dict[str, bool]:
    """GET /blocked."""
    time.sleep(BLOCKED_S)
    return {"ok": True}


async def thing(id: int) -> Thing:
    """GET /things{number}/{id}."""
    return Thing(id=id)


async def make_app() -> FastAPI:
    """Make the endpoints."""
    app = FastAPI()
    app.get("/ping")(ping)
    app.get("/items/{id}")(item)
    app.post("/users", status_code=201)(create_user)
    app.get("/rows")(rows)
    app.post("/rows", status_code=201)(create_row)
    app.get("/blocked")(blocked)
    return app


async def make_routes(count: int, kind: str) -> FastAPI:
    """Make `count` routes of one kind."""
    app = FastAPI()
    for number in range(count):
        if kind == "static":
            app.get(f"/route{number}")(ping)
        else:
            app.get(f"/things{number}/{{id}}")(thing)
    return app


def make_types(count: int) -> list[Any]:
    """Make a body and an answer of their own for each of `count` endpoints."""
    name = Annotated[str, Field(min_length=1, max_length=MAX_NAME)]
    return [
        (
            create_model(f"New{number}", __config__=ConfigDict(extra="forbid"), name=(name, ...), amount=(int, 1)),
            create_model(f"Made{number}", id=(int, ...), name=(str, ...), amount=(int, ...)),
        )
        for number in range(count)
    ]


async def declare(types: list[Any]) -> FastAPI:
    """Declare an endpoint for each pair of types."""
    app = FastAPI()
    for number, pair in enumerate(types):
        app.post(f"/made{number}", status_code=201)(create(*pair))
    return app


def create(new_type: Any, made_type: Any) -> Any:
    """Make one handler."""

    async def create(new: Any) -> Any:
        return made_type(id=1, name=new.name, amount=new.amount)

    create.__annotations__ = {"new": new_type, "return": made_type}
    return create
