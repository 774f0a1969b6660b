"""What the handlers of these tests take, answer and raise."""

from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Annotated, Generic, TypeVar

from msgspec import Meta, Struct

from hookspecs import Refusal
from tools.http.contract import Context

T = TypeVar("T")


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class NewUser(Struct, forbid_unknown_fields=True):
    name: Annotated[str, Meta(min_length=1, max_length=100)]
    age: Annotated[int, Meta(ge=0, le=150)] | None = None
    tags: list[str] = []


class User(Struct):
    id: int
    name: str


class SecretUser(User):
    password_hash: str = "argon2"


class Team(Struct):
    lead: User
    members: list[User] = []
    deputy: User | None = None


class Crate(Struct, Generic[T]):
    kept: T
    label: Annotated[str, {"no": "hash"}] = ""


class Page(Struct, rename="camel"):
    page_size: Annotated[int, Meta(ge=1, le=100)] = 20
    tags: list[str] = []
    after: int = 0


class Cat(Struct, tag=True):
    lives: int


class Dog(Struct, tag=True):
    tricks: list[str]


class ArticleUser(Struct):
    email: str
    born: date | None = None


@dataclass
class Row:
    id: int
    name: str
    password_hash: str


async def nothing() -> None:
    pass


async def show_id(id: str) -> str:
    return id


@dataclass(eq=False)
class Guard:
    """Lets through who brings the right key."""

    scheme = "bearer"
    scopes = ("admin",)

    async def __call__(self, context: Context) -> str:
        if context.headers.get("authorization") != "Bearer good":
            raise Refusal(401, "who are you")
        return "ana"


class Abort(BaseException): ...


JSON_TYPE = (b"content-type", b"application/json")
