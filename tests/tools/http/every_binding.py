"""A made-up app with every kind of parameter, body and answer that `http` knows."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import Meta, Struct
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response

from hookspecs import Refusal
from tests.contracts.http_served import Served, serve
from tools.http.contract import Body, Context, Cookie, Header, Query


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Cat(Struct, tag="cat"):
    lives: Annotated[int, Meta(ge=0, le=9)] = 9


class Dog(Struct, tag="dog"):
    name: Annotated[str, Meta(min_length=1, max_length=20)]


class Inner(Struct, forbid_unknown_fields=True):
    """Something inside something else."""

    amount: int
    at: datetime | None = None
    inner: "Inner | None" = None


class Everything(Struct, forbid_unknown_fields=True):
    """Every type that a field can have."""

    text: Annotated[str, Meta(pattern="^[a-z]*$(?!\n)", examples=["abc"], description="lower case")]
    number: float
    flag: bool
    day: date
    moment: datetime
    at: time
    lasts: timedelta
    id: UUID
    price: Decimal
    colour: Colour
    inner: Inner
    raw: bytes = b""
    counts: dict[int, int] = {}
    named: dict[str, Inner] = {}
    pair: tuple[int, str] = (1, "a")
    several: list[int] = []
    unique: set[int] = set()
    kind: Literal["a", "b"] = "a"
    pet: Cat | Dog | None = None


class Filters(Struct):
    limit: Annotated[int, Meta(ge=1, le=100, description="most rows")] = 20
    colour: Colour = Colour.RED
    tags: list[str] = []


class TakenError(Exception):
    pass


class Guard:
    scheme = "bearer"
    scopes = ("admin",)

    async def __call__(self, context: Context) -> str:
        if context.headers.get("authorization") != "Bearer good":
            raise Refusal(401, "the token is missing or not valid")
        return "ana"


async def by_number(id: int) -> int:
    return id


async def by_text(name: str) -> str:
    return name


async def by_uuid(id: UUID, colour: Colour) -> list[Any]:
    return [id, colour]


async def rest(path: str) -> str:
    return path


async def off_the_context(context: Context) -> dict[str, str]:
    return dict(context.path)


async def scalars(
    text: str = "all",
    number: float = 1.5,
    count: Annotated[int, Meta(ge=0)] = 0,
    flag: bool = False,
    day: date | None = None,
    id: UUID | None = None,
    kind: Literal["a", "b"] = "a",
    colour: Colour = Colour.BLUE,
    tags: Annotated[list[int], Meta(max_length=5)] = [],  # noqa: B006 (never changed)
) -> list[Any]:
    return [text, number, count, flag, day, id, kind, colour, tags]


async def required(q: str, other: Annotated[int, Query("other-name")], filters: Annotated[Filters, Query()]) -> Filters:
    return filters


async def headers(
    tenant: Annotated[UUID, Header("x-tenant")],
    day: Annotated[int, Header("x-day")] = 0,
    theme: Annotated[str | None, Cookie("theme")] = None,
    size: Annotated[int, Cookie("size")] = 1,
    sizes: Annotated[list[int], Header("x-sizes")] = [],  # noqa: B006 (never changed)
) -> list[Any]:
    return [tenant, day, theme, size, sizes]


async def everything(new: Everything) -> Everything:
    return new


async def pets(given: Annotated[list[Cat | Dog], Body()]) -> list[Cat | Dog]:
    return given


async def anything(given: Annotated[Any, Body()]) -> Any:
    return given


async def mapping(given: Annotated[dict[str, int], Body()]) -> dict[str, int]:
    return given


async def maybe(given: Inner | None = None) -> Inner | None:
    return given


async def article(data: dict, context: Context):  # type: ignore[type-arg,no-untyped-def]  # as the article writes it
    return {"success": data != {"bad": True}, "data": data}


async def nothing() -> None:
    """Do nothing.

    Well described.
    """


def in_a_thread(id: int) -> Inner:
    return Inner(id)


async def guarded(context: Context) -> str:
    return str(context.claims)


async def refused(id: int) -> Inner:
    if id % 2:
        raise TakenError
    return Inner(id)


async def text() -> PlainTextResponse:
    return PlainTextResponse("text")


async def either(is_page: bool = False) -> Inner | HTMLResponse:
    return HTMLResponse("<p>") if is_page else Inner(1)


async def elsewhere() -> RedirectResponse:
    return RedirectResponse("/text")


async def any_response() -> Response:
    return JSONResponse({"a": 1})


async def raw(given: Annotated[bytes, Body()]) -> int:
    return len(given)


async def several(context: Context, kind: Literal["now", "later", "elsewhere"] = "now") -> Inner | None:
    context.set_status({"now": 200, "later": 202, "elsewhere": 303}[kind])
    return Inner(1) if kind != "elsewhere" else None


ROUTES: list[tuple[str, str, Any, dict[str, Any]]] = [
    ("/number/{id}", "GET", by_number, {}),
    ("/text/{name}", "GET", by_text, {}),
    ("/uuid/{id}/{colour}", "DELETE", by_uuid, {}),
    ("/rest/{path:path}", "GET", rest, {}),
    ("/context/{one}/{two}", "GET", off_the_context, {}),
    ("/scalars", "GET", scalars, {"tags": ["Query"]}),
    ("/required", "GET", required, {}),
    ("/headers", "GET", headers, {}),
    ("/everything", "POST", everything, {"status": 201}),
    ("/pets", "PUT", pets, {"max_body_bytes": 100_000}),
    ("/anything", "PUT", anything, {}),
    ("/mapping", "PATCH", mapping, {}),
    ("/maybe", "POST", maybe, {}),
    ("/article", "POST", article, {}),
    ("/model", "POST", article, {"request_model": Everything}),
    ("/nothing", "DELETE", nothing, {}),
    ("/thread/{id}", "GET", in_a_thread, {}),
    ("/guarded", "GET", guarded, {"guard": Guard()}),
    ("/refused/{id}", "GET", refused, {"errors": {TakenError: (409, "it is taken", "/id"), KeyError: 404}}),
    ("/text", "GET", text, {}),
    ("/either", "GET", either, {}),
    ("/elsewhere", "GET", elsewhere, {}),
    ("/response", "GET", any_response, {}),
    ("/raw", "POST", raw, {}),
    ("/several", "GET", several, {"answers": {202: Inner, 303: None}}),
    ("/typed/{id:int}/{ratio:float}", "GET", off_the_context, {}),
]


async def every_binding() -> Served:
    """Boot it."""
    served = await serve("tools.http", {})
    for path, method, handler, options in ROUTES:
        served.add(path, method, handler, **options)
    return served
