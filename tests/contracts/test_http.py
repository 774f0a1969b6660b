"""What every `http` keeps; the attacks on it are in tests/tools/http."""

import asyncio
import logging
import re
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
import pytest_asyncio
from msgspec import Meta, Struct, ValidationError, json
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from hookspecs import Part, Refusal, trace
from kernel.call import THREADS
from tests.contracts.http_served import Boot, Served, hook, serve, typed
from tools.http.contract import Body, Context, Cookie, Header, Query, RouteError


@pytest_asyncio.fixture(params=["tools.http"])
async def boot(request: pytest.FixtureRequest) -> AsyncIterator[Boot]:
    """Boot a work on the given settings."""
    served: list[Served] = []

    async def booted(**environ: str) -> Served:
        served.append(await serve(request.param, environ))
        return served[-1]

    yield booted
    for one in served:
        await one.client.aclose()


@pytest_asyncio.fixture
async def http(boot: Boot) -> Served:
    return await boot()


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


# ---------------------------------------------------------------- binding: path


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (int, "42", 42),
        (int, "-7", -7),
        (str, "a%20b", "a b"),
        (UUID, "12345678-1234-5678-1234-567812345678", UUID("12345678-1234-5678-1234-567812345678")),
        (Colour, "red", Colour.RED),
        (date, "2026-02-28", date(2026, 2, 28)),
        (Decimal, "1.50", Decimal("1.50")),
        (Annotated[int, Meta(gt=0)], "1", 1),
    ],
    ids=str,
)
async def test_a_placeholder_becomes_the_type_of_its_annotation(
    http: Served, kind: Any, text: str, value: object
) -> None:
    seen: list[object] = []

    async def show(id: Any) -> None:
        seen.append(id)

    http.add("/things/{id}", "GET", typed(show, id=kind))

    answer = await http.get(f"/things/{text}")

    assert answer.status_code == 204
    assert seen == [value]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (int, "x"),
        (int, "1x"),
        (int, "%2042"),
        (int, "1.0"),
        (int, "1e0"),
        (int, "10E-1"),
        (int | None, "-1.0"),
        (int, str(2**63)),
        (Annotated[int, Meta(gt=0)], "0"),
        (Annotated[int, Meta(gt=0)], str(2**63)),
        (UUID, "12345678"),
        (Colour, "green"),
        (date, "2026-02-30"),
    ],
    ids=str,
)
async def test_a_placeholder_that_cannot_be_one_names_nothing(http: Served, kind: Any, text: str) -> None:
    async def show(id: Any) -> None:
        raise AssertionError(id)

    http.add("/things/{id}", "GET", typed(show, id=kind))

    answer = await http.get(f"/things/{text}")

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_literal_segment_wins_over_a_placeholder_whatever_was_first(http: Served) -> None:
    async def one(id: str) -> str:
        return f"one {id}"

    async def me() -> str:
        return "me"

    async def roles(id: str) -> str:
        return f"roles of {id}"

    http.add("/users/{id}", "GET", one)
    http.add("/users/me", "GET", me)
    http.add("/users/{id}/roles", "GET", roles)

    assert (await http.get("/users/me")).json() == "me"
    assert (await http.get("/users/7")).json() == "one 7"
    assert (await http.get("/users/me/roles")).json() == "roles of me"


async def test_the_rest_of_a_path_goes_to_a_path_placeholder_and_wins_last(http: Served) -> None:
    async def file(rest: str) -> str:
        return rest

    async def one(name: str) -> str:
        return f"one {name}"

    http.add("/files/{rest:path}", "GET", file)
    http.add("/files/{name}", "GET", one)

    assert (await http.get("/files/a/b/c")).json() == "a/b/c"
    assert (await http.get("/files/")).json() == ""
    assert (await http.get("/files/a")).json() == "one a"
    assert (await http.get("/files")).status_code == 404


async def test_two_methods_of_one_path_name_its_placeholder_each_as_it_likes(http: Served) -> None:
    async def read(id: int) -> int:
        return id

    async def remove(user_id: int) -> int:
        return -user_id

    http.add("/users/{id}", "GET", read)
    http.add("/users/{user_id}", "DELETE", remove)

    assert (await http.get("/users/5")).json() == 5
    assert (await http.client.delete("/users/5")).json() == -5


async def test_the_context_has_every_placeholder_as_text(http: Served) -> None:
    async def show(context: Context) -> dict[str, str]:
        return dict(context.path)

    http.add("/a/{x}/b/{y}", "GET", show)

    assert (await http.get("/a/1/b/2")).json() == {"x": "1", "y": "2"}


# ---------------------------------------------------------------- binding: query, header, cookie


@pytest.mark.parametrize(
    ("kind", "query", "value"),
    [
        (str, "q=a%26b+c", "a&b c"),
        (str, "q=", ""),
        (str, "q=1&q=2", "2"),
        (str, "q=%ff", "\ufffd"),
        (int, "q=7", 7),
        (bool, "q=true", True),
        (float, "q=1.5", 1.5),
        (Colour, "q=blue", Colour.BLUE),
        (Literal["asc", "desc"], "q=asc", "asc"),
        (date, "q=2026-01-02", date(2026, 1, 2)),
        (datetime, "q=2026-01-02T03:04:05Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        (UUID, "q=12345678-1234-5678-1234-567812345678", UUID("12345678-1234-5678-1234-567812345678")),
        (int | None, "q=7", 7),
        (list[int], "q=1&q=2", [1, 2]),
        (set[str], "q=a&q=a", {"a"}),
        (float, "q=1e1", 10.0),
        (tuple[int, float], "q=1&q=2.0", (1, 2.0)),
        (set[int], "q=1&q=-1", {1, -1}),
        (list[Colour], "q=red", [Colour.RED]),
        (tuple[date, ...], "q=2026-01-02", (date(2026, 1, 2),)),
    ],
    ids=str,
)
async def test_a_query_parameter_becomes_the_type_of_its_annotation(
    http: Served, kind: Any, query: str, value: object
) -> None:
    seen: list[object] = []

    async def find(q: Any) -> None:
        seen.append(q)

    http.add("/find", "GET", typed(find, q=kind))

    answer = await http.get(f"/find?{query}")

    assert answer.status_code == 204, answer.text
    assert seen == [value]


@pytest.mark.parametrize(
    ("kind", "query", "detail"),
    [
        (int, "", "it is required"),
        (list[int], "", "it is required"),
        (int, "q=x", "Expected `int`, got `str`"),
        (int, "q=", "Expected `int`, got `str`"),
        (int, "q=1e1", "Expected `int`, got `str`"),
        (int | None, "q=1.0", "Expected `int`, got `str`"),
        (list[int], "q=1&q=2.0", "Expected `int`, got `str`"),
        (set[int], "q=1&q=1e0", "Expected `int`, got `str`"),
        (tuple[float, int], "q=2.0&q=1.0", "Expected `int`, got `str`"),
        (int, f"q={2**63}", "Expected `int` <= 9223372036854775807"),
        (list[int], f"q={2**63}", "Expected `int` <= 9223372036854775807"),
        (int | None, f"q=-{2**63 + 1}", "Expected `int` >= -9223372036854775808"),
        (Annotated[int, Meta(ge=1)], f"q={2**64}", "Expected `int` <= 9223372036854775807"),
        (Colour, "q=green", "Invalid enum value 'green'"),
        (Annotated[str, Meta(max_length=3)], "q=abcd", "Expected `str` of length <= 3"),
    ],
    ids=str,
)
async def test_a_query_parameter_of_another_kind_is_named(http: Served, kind: Any, query: str, detail: str) -> None:
    async def find(q: Any) -> None:
        raise AssertionError(q)

    http.add("/find", "GET", typed(find, q=kind))

    answer = await http.get(f"/find?{query}")

    assert answer.status_code == 422
    assert answer.json()["detail"] == "the query parameter 'q' is not valid"
    assert answer.json()["errors"] == [{"detail": detail, "parameter": "q"}]


async def test_what_is_missing_takes_its_default(http: Served) -> None:
    async def find(
        q: str = "all",
        limit: int = 20,
        tags: list[str] | None = None,
        tenant: Annotated[str, Header("x-tenant")] = "none",
        theme: Annotated[str | None, Cookie("theme")] = None,
    ) -> list[Any]:
        return [q, limit, tags, tenant, theme]

    http.add("/find", "GET", find)

    assert (await http.get("/find")).json() == ["all", 20, None, "none", None]


async def test_a_query_parameter_can_have_another_name(http: Served) -> None:
    async def find(sort: Annotated[str, Query("order-by")]) -> str:
        return sort

    http.add("/find", "GET", find)

    assert (await http.get("/find?order-by=name")).json() == "name"


async def test_a_struct_takes_its_fields_from_the_query_by_their_encoded_names(http: Served) -> None:
    async def find(page: Annotated[Page, Query()]) -> Page:
        return page

    http.add("/find", "GET", find)

    answer = await http.get("/find?pageSize=5&tags=a&tags=b")

    assert answer.json() == {"pageSize": 5, "tags": ["a", "b"], "after": 0}


@pytest.mark.parametrize(
    ("query", "name"), [("pageSize=0", "pageSize"), (f"after={2**63}", "after"), ("tags=1.0&after=1e1", "after")]
)
async def test_a_field_of_the_query_s_struct_is_named(http: Served, query: str, name: str) -> None:
    async def find(page: Annotated[Page, Query()]) -> Page:
        return page

    http.add("/find", "GET", find)

    answer = await http.get(f"/find?{query}")

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["parameter"] == name


async def test_headers_and_cookies_are_bound_by_name(http: Served) -> None:
    async def find(
        tenant: Annotated[int, Header("X-Tenant")],
        accept: Annotated[list[str], Header("x-several")],
        theme: Annotated[Colour, Cookie("theme")],
    ) -> list[Any]:
        return [tenant, accept, theme]

    http.add("/find", "GET", find)
    headers = [("x-tenant", "7"), ("x-several", "a"), ("x-several", "b"), ("cookie", "a=b; theme=red")]

    assert (await http.get("/find", headers=headers)).json() == [7, ["a", "b"], "red"]


@pytest.mark.parametrize(
    ("mark", "source", "name"), [(Header("x-tenant"), "header", "x-tenant"), (Cookie("theme"), "cookie", "theme")]
)
@pytest.mark.parametrize("text", ["", "seven"])
async def test_a_header_or_cookie_of_another_kind_is_named(
    http: Served, mark: Any, source: str, name: str, text: str
) -> None:
    async def find(one: Any) -> None:
        raise AssertionError(one)

    http.add("/find", "GET", typed(find, one=Annotated[int, mark]))
    headers = {"header": {"x-tenant": text}, "cookie": {"cookie": f"theme={text}"}}[source] if text else {}

    answer = await http.get("/find", headers=headers)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["parameter"] == name


async def test_the_context_reads_what_the_request_brought(http: Served) -> None:
    async def show(context: Context) -> list[Any]:
        query = [context.query["a"], context.query.getlist("b")]
        return [context.headers["X-One"], context.cookies["c"], *query, context.client_ip, context.claims]

    http.add("/show", "GET", show)

    answer = await http.get("/show?a=1&b=2&b=3", headers={"x-one": "1", "cookie": "c=d", "x-forwarded-for": "6.6.6.6"})

    assert answer.json() == ["1", "d", "1", ["2", "3"], "127.0.0.1", None]


# ---------------------------------------------------------------- binding: body


async def test_a_struct_is_the_body(http: Served) -> None:
    async def create(new: NewUser) -> NewUser:
        return new

    http.add("/users", "POST", create)

    answer = await http.post("/users", json={"name": "Ana", "age": 33})

    assert answer.json() == {"name": "Ana", "age": 33, "tags": []}


@pytest.mark.parametrize(
    ("sent", "pointer"),
    [
        ('{"name": ""}', "/name"),
        ("{}", "/name"),
        ('{"name": "a", "age": 151}', "/age"),
        ('{"name": "a", "tags": ["x", 1]}', "/tags/1"),
        ('{"name": "a", "is_admin": true}', "/is_admin"),
        ("[]", ""),
        ("", ""),
    ],
)
async def test_a_body_of_another_shape_is_answered_with_a_pointer(http: Served, sent: str, pointer: str) -> None:
    async def create(new: NewUser) -> None:
        raise AssertionError(new)

    http.add("/users", "POST", create)

    answer = await http.post("/users", content=sent, headers={"content-type": "application/json"})

    assert answer.status_code == 422
    assert answer.json()["detail"] == "the body is not valid"
    assert [one["pointer"] for one in answer.json()["errors"]] == [pointer]


@pytest.mark.parametrize(
    "sent", [b"{", b"\xff", b'{"name": "\xff"}', b"NaN", b"[" * 100_000, b"\xef\xbb\xbf{}", b"{} {}", b'"\\ud800"']
)
async def test_what_is_no_json_is_a_bad_request(http: Served, sent: bytes) -> None:
    async def take(data: Annotated[Any, Body()]) -> None:
        raise AssertionError(data)

    http.add("/take", "POST", take)

    answer = await http.post("/take", content=sent, headers={"content-type": "application/json"})

    assert answer.status_code == 400
    assert answer.json()["detail"] == "the body is no JSON text in UTF-8, or is nested too deeply"


@pytest.mark.parametrize(
    ("kind", "sent"),
    [
        (list[NewUser], [{"name": "a", "age": None, "tags": []}]),
        (Cat | Dog, {"type": "Dog", "tricks": ["sit"]}),
        (dict[str, int], {"a": 1}),
        (int, 3),
        (str | None, None),
    ],
    ids=str,
)
async def test_a_marked_body_can_be_any_type(http: Served, kind: Any, sent: object) -> None:
    async def take(given: Any) -> Any:
        return given

    http.add("/take", "POST", typed(take, given=Annotated[kind, Body()]))

    answer = await http.post("/take", content=json.encode(sent), headers={"content-type": "application/json"})

    assert answer.json() == sent


async def test_a_body_that_may_be_missing_takes_its_default(http: Served) -> None:
    async def take(new: NewUser | None = None) -> bool:
        return new is None

    http.add("/take", "POST", take)

    assert (await http.post("/take")).json() is True
    assert (await http.post("/take", json={"name": "a"})).json() is False


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 2**64])
async def test_an_integer_that_no_database_takes_is_refused(http: Served, number: int) -> None:
    async def take(data: dict[str, Any]) -> None:
        raise AssertionError(data)

    http.add("/take", "POST", take)

    answer = await http.post("/take", content=f'{{"a": [{number}]}}', headers={"content-type": "application/json"})

    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"detail": "Expected an `int` of 64 bits", "pointer": "/a/0"}]


async def test_data_is_the_body_and_never_mixes_in_the_query_or_the_path(http: Served) -> None:
    async def take(data: dict, context: Context) -> dict:  # type: ignore[type-arg]  # as the article writes it
        return {"data": data, "path": dict(context.path)}

    http.add("/take/{id}", "POST", take)

    answer = await http.post("/take/1?role=admin", json={"id": "999"})

    assert answer.json() == {"data": {"id": "999"}, "path": {"id": "1"}}


async def test_data_is_validated_by_its_request_model(http: Served) -> None:
    async def take(data, context):  # type: ignore[no-untyped-def]  # as the article writes it
        return data

    http.add("/take", "POST", take, request_model=ArticleUser)

    good = await http.post("/take", json={"email": "a@b.c", "born": "2000-01-02"})
    bad = await http.post("/take", json={"email": 3})

    assert good.json() == {"email": "a@b.c", "born": "2000-01-02"}
    assert (bad.status_code, bad.json()["errors"][0]["pointer"]) == (422, "/email")


@pytest.mark.parametrize(
    "kind",
    [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/jsonx",
        "application/json; charset=utf-16",
        "application/json; charset=utf-7",
        "application/json; charset=idna",
    ],
)
async def test_a_body_that_is_not_json_in_utf8_is_unsupported(http: Served, kind: str) -> None:
    http.add("/take", "POST", lambda data: data)

    answer = await http.post("/take", content=b"{}", headers={"content-type": kind})

    assert answer.status_code == 415


@pytest.mark.parametrize(
    "kind",
    ["application/json", "Application/JSON; charset=UTF-8", 'application/json;charset="utf-8"', "application/a+json"],
)
async def test_json_in_utf8_is_taken_however_it_is_written(http: Served, kind: str) -> None:
    http.add("/take", "POST", lambda data: data)

    assert (await http.post("/take", content=b"{}", headers={"content-type": kind})).status_code == 200


async def test_an_encoded_body_or_two_content_types_are_unsupported(http: Served) -> None:
    http.add("/take", "POST", lambda data: data)
    json_type, text_type = ("content-type", "application/json"), ("content-type", "text/plain")

    zipped = await http.post("/take", content=b"{}", headers=[json_type, ("content-encoding", "gzip")])
    doubled = await http.post("/take", content=b"{}", headers=[json_type, text_type])

    assert (zipped.status_code, doubled.status_code) == (415, 415)


async def test_starlettes_request_reads_what_was_bound_already(http: Served) -> None:
    async def take(new: NewUser, request: Request, context: Context) -> list[str]:
        raw = await request.body()
        return [new.name, raw.decode(), (await context.request.body()).decode()]

    http.add("/hook", "POST", take)

    answer = await http.post("/hook", json={"name": "a"})

    assert answer.json() == ["a", '{"name":"a"}', '{"name":"a"}']


# ---------------------------------------------------------------- registration: errors in full


async def two_bodies(a: NewUser, b: User) -> None: ...
async def path_and_header(id: Annotated[str, Header("x")]) -> None: ...
async def unresolvable(id: "Nowhere") -> None: ...  # type: ignore[name-defined]  # noqa: F821
async def no_source(thing: object) -> None: ...
async def bare_thing(thing) -> None: ...  # type: ignore[no-untyped-def]
async def starred(*args: int) -> None: ...
async def positional(id: int, /) -> None: ...
async def takes_user(new: NewUser) -> None: ...
async def takes_data(data: dict) -> None: ...  # type: ignore[type-arg]
async def returns_user() -> User: ...  # type: ignore[empty-body]
async def cookies(one: Annotated[list[str], Cookie("c")]) -> None: ...
async def odd_header(one: Annotated[NewUser, Header("x")]) -> None: ...
async def takes_part(data: dict, part: Annotated[Part, Body()]) -> None: ...  # type: ignore[type-arg]


BOOT_ERRORS: dict[str, tuple[tuple[str, str, Callable[..., Any], dict[str, Any]], str]] = {
    "two bodies": (
        ("/x", "POST", two_bodies, {}),
        "handler two_bodies: 'a' and 'b' both want the body: one can have it",
    ),
    "two sources": (
        ("/x/{id}", "GET", path_and_header, {}),
        "handler path_and_header: parameter 'id' is a placeholder of the path and marked Header(name='x'): rename one",
    ),
    "unresolvable annotation": (
        ("/x/{id}", "GET", unresolvable, {}),
        "handler unresolvable: an annotation does not resolve: name 'Nowhere' is not defined: "
        "import the name at run time",
    ),
    "no source": (
        ("/x", "GET", no_source, {}),
        "handler no_source: parameter 'thing' has no source: annotate a scalar or a Struct, "
        "or mark it with Header, Cookie, Query or Body",
    ),
    "no annotation": (
        ("/x", "GET", bare_thing, {}),
        "handler bare_thing: parameter 'thing' has no source: annotate a scalar or a Struct, "
        "or mark it with Header, Cookie, Query or Body",
    ),
    "a star": (
        ("/x", "GET", starred, {}),
        "handler starred: parameter '*args: int' cannot be filled by name: give it a name, without * or /",
    ),
    "positional only": (
        ("/x/{id}", "GET", positional, {}),
        "handler positional: parameter 'id: int' cannot be filled by name: give it a name, without * or /",
    ),
    "a header of no text": (
        ("/x", "GET", odd_header, {}),
        "handler odd_header: parameter 'one' has no source: text becomes a scalar, or a list of them",
    ),
    "a list of cookies": (
        ("/x", "GET", cookies, {}),
        "handler cookies: parameter 'one' is a list, and a cookie has one value: annotate a scalar",
    ),
    "placeholder nobody takes": (
        ("/x/{id}", "GET", nothing, {}),
        "handler nothing: nothing takes placeholder 'id': add a parameter of that name",
    ),
    "GET with a body": (
        ("/x", "GET", takes_user, {}),
        "GET /x: a GET has no body: mark the Struct with Query(), or use POST",
    ),
    "request_model for a Struct": (
        ("/x", "POST", takes_user, {"request_model": User}),
        "handler takes_user: 'new' and request_model both describe the body: leave out request_model",
    ),
    "request_model for nobody": (
        ("/x", "POST", nothing, {"request_model": User}),
        "handler nothing: nothing takes the body that request_model describes: add `data: dict`",
    ),
    "request_model of no Struct": (
        ("/x", "POST", takes_data, {"request_model": Part.__mro__[1]}),
        "POST /x: the body's type <class 'object'> cannot be decoded: use a msgspec.Struct",
    ),
    "relative path": (
        ("x", "GET", nothing, {}),
        "path 'x' cannot be routed: write an absolute path such as '/users/{id}'",
    ),
    "empty segment": (
        ("/x//y", "GET", nothing, {}),
        "path '/x//y' cannot be routed: write an absolute path such as '/users/{id}'",
    ),
    "path with a query": (
        ("/x?a=1", "GET", nothing, {}),
        "path '/x?a=1' cannot be routed: write an absolute path such as '/users/{id}'",
    ),
    "half a placeholder": (
        ("/x/a{id}", "GET", nothing, {}),
        "path '/x/a{id}': 'a{id}' is no placeholder: a placeholder is a whole segment, `{name}` or at the end "
        "`{name:path}`",
    ),
    "a convertor": (
        ("/x/{id:int}", "GET", nothing, {}),
        "path '/x/{id:int}': '{id:int}' is no placeholder: a placeholder is a whole segment, `{name}` or at the end "
        "`{name:path}`",
    ),
    "one name twice": (
        ("/x/{id}/{id}", "GET", nothing, {}),
        "path '/x/{id}/{id}' cannot be routed: give each placeholder its own name, and `:path` only to the last",
    ),
    "a rest that is not last": (
        ("/x/{a:path}/b", "GET", nothing, {}),
        "path '/x/{a:path}/b' cannot be routed: give each placeholder its own name, and `:path` only to the last",
    ),
    "bad method": (
        ("/x", "FETCH", nothing, {}),
        "'FETCH' /x is no method: use one of DELETE, GET, PATCH, POST, PUT",
    ),
    "public and guarded": (
        ("/x", "GET", nothing, {"public": True, "guard": object()}),
        "GET /x is public and guarded: leave out one of the two",
    ),
    "a 204 that answers": (
        ("/x", "GET", returns_user, {"status": 204}),
        "GET /x: status 204 has no body: leave it out, or annotate `-> None`",
    ),
    "no status": (
        ("/x", "GET", nothing, {"status": 99}),
        "GET /x: 99 is no status of a good answer: use 200 to 399",
    ),
    "an error that is no class": (
        ("/x", "GET", nothing, {"errors": {"KeyError": 404}}),
        "GET /x: errors names 'KeyError', which is no exception class: map a class to a status",
    ),
    "a pointer that is none": (
        ("/x", "GET", nothing, {"errors": {KeyError: (409, "it is taken", "#/url")}}),
        "GET /x: errors points at '#/url': write a JSON pointer into the body, e.g. '/email'",
    ),
    "an error that is none": (
        ("/x", "GET", nothing, {"errors": {KeyError: 200}}),
        "GET /x: errors maps KeyError to 200: use a status of 400 to 599",
    ),
}


@pytest.mark.parametrize("name", BOOT_ERRORS)
async def test_a_route_that_cannot_be_is_refused_with_what_to_change(http: Served, name: str) -> None:
    (path, method, handler, options), message = BOOT_ERRORS[name]

    with pytest.raises(RouteError) as caught:
        http.add(path, method, handler, **options)

    assert str(caught.value) == message
    assert (await http.get("/x")).status_code == 404


@pytest.mark.parametrize(("first", "second"), [("/x", "/x"), ("/x/{id}", "/x/{name}"), ("/x/{a:path}", "/x/{b:path}")])
async def test_a_route_is_served_once(http: Served, first: str, second: str) -> None:
    async def show(context: Context) -> None: ...

    http.add(first, "GET", show)

    with pytest.raises(RouteError) as caught:
        http.add(second, "GET", show)

    assert str(caught.value) == (
        f"GET {second} is already served by made.feature (made.feature.py) as GET {first}: "
        "change one path, or delete one file"
    )


async def test_a_route_outside_a_hook_is_refused(http: Served) -> None:
    with pytest.raises(RuntimeError, match="registered outside a hook: call it in `on_boot`"):
        http.http.add_endpoint("/x", "GET", nothing, public=True)

    assert (await http.get("/x")).status_code == 404


async def test_what_an_owner_registered_is_undone_with_it(http: Served) -> None:
    mounted = Starlette(routes=[Route("/", lambda request: PlainTextResponse("mounted"))])
    undo = http.add("/x/{id}", "GET", show_id)
    with hook("other.feature") as other:
        http.http.add_endpoint("/x/{id}", "DELETE", show_id, public=True)
        http.http.mount("/admin", mounted)

    undo.close()
    still = await http.client.delete("/x/1")
    other.undo.close()

    assert still.status_code == 200
    assert (await http.get("/x/1")).status_code == 404
    assert (await http.get("/admin/")).status_code == 404
    http.add("/x/{name}", "GET", lambda name: name)


# ---------------------------------------------------------------- answers


@pytest.mark.parametrize(
    ("kind", "value", "answered"),
    [
        (User, User(1, "a"), {"id": 1, "name": "a"}),
        (User, SecretUser(1, "a"), {"id": 1, "name": "a"}),
        (User, {"id": 1, "name": "a", "password_hash": "x"}, {"id": 1, "name": "a"}),
        (User, Row(1, "a", "x"), {"id": 1, "name": "a"}),
        (list[User], [User(1, "a"), SecretUser(2, "b")], [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}]),
        (dict[str, User], {"x": SecretUser(1, "a")}, {"x": {"id": 1, "name": "a"}}),
        (
            Team,
            Team(SecretUser(1, "a"), [SecretUser(2, "b")], SecretUser(3, "c")),
            {"lead": {"id": 1, "name": "a"}, "members": [{"id": 2, "name": "b"}], "deputy": {"id": 3, "name": "c"}},
        ),
        (User | None, None, None),
        (User | None, SecretUser(1, "a"), {"id": 1, "name": "a"}),
        (dict[str, int], {"a": 1}, {"a": 1}),
        (Decimal, Decimal("1.10"), "1.10"),
        (datetime, datetime(2026, 1, 2, tzinfo=UTC), "2026-01-02T00:00:00Z"),
        (UUID, UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (bytes, b"\x00\xff", "AP8="),
        (Colour, Colour.RED, "red"),
        (Annotated[int, Meta(ge=1)], 3, 3),
        (Any, {"anything": [1]}, {"anything": [1]}),
    ],
    ids=str,
)
async def test_the_declared_type_is_answered_and_nothing_more(
    http: Served, kind: Any, value: Any, answered: Any
) -> None:
    async def show() -> Any:
        return value

    http.add("/show", "GET", typed(show, **{"return": kind}))

    answer = await http.get("/show")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == answered


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (User, {"id": "x", "name": "a"}),
        (User, None),
        (User, 3),
        (list[User], [User(1, "a"), 3]),
        (None, "something"),
        (int, "3"),
        (Any, object()),
        (Any, "\ud800"),
    ],
    ids=lambda one: type(one).__name__,
)
async def test_an_answer_that_was_not_declared_is_a_500_without_text(
    http: Served, kind: Any, value: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async def show() -> Any:
        return value

    http.add("/show", "GET", typed(show, **{"return": kind}))

    answer = await http.get("/show")

    assert answer.status_code == 500
    assert set(answer.json()) == {"type", "title", "status", "instance"}
    assert "GET /show: the answer of made.feature is not what it declares" in caplog.text


async def test_a_response_model_is_what_is_answered(http: Served) -> None:
    async def show() -> dict[str, Any]:
        return {"id": 1, "name": "a", "password_hash": "x"}

    http.add("/show", "GET", show, response_model=User)

    assert (await http.get("/show")).json() == {"id": 1, "name": "a"}


async def test_no_answer_is_a_204_and_a_declared_status_stands(http: Served) -> None:
    async def create() -> User:
        return User(1, "a")

    http.add("/nothing", "GET", nothing)
    http.add("/users", "POST", create, status=201)

    empty, created = await http.get("/nothing"), await http.post("/users")

    assert (empty.status_code, empty.content, "content-type" in empty.headers) == (204, b"", False)
    assert created.status_code == 201


async def test_a_response_passes_through_with_our_headers_where_it_has_none(http: Served) -> None:
    async def page() -> User | Response:
        return PlainTextResponse("hello", 202, {"content-security-policy": "default-src 'self'"})

    http.add("/page", "GET", page)

    answer = await http.get("/page")

    assert (answer.status_code, answer.text) == (202, "hello")
    assert answer.headers.get_list("content-security-policy") == ["default-src 'self'"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-request-id"]


async def test_a_streaming_response_streams(http: Served) -> None:
    async def parts() -> AsyncIterator[str]:
        for part in "abc":
            await asyncio.sleep(0)
            yield part

    async def page() -> Response:
        return StreamingResponse(parts())

    http.add("/page", "GET", page)

    assert (await http.get("/page")).text == "abc"


async def test_the_articles_failure_is_a_400_and_no_other_routes(http: Served) -> None:
    failure = {"success": False, "error": "no"}

    async def article(data: dict, context: Context):  # type: ignore[no-untyped-def,type-arg]
        if data:
            context.set_status(data["status"])
        return failure

    async def typed(data: dict) -> dict:  # type: ignore[type-arg]
        return failure

    http.add("/article", "POST", article)
    http.add("/typed", "POST", typed)

    answers = [await http.post(path, json={}) for path in ("/article", "/typed")]
    chosen = await http.post("/article", json={"status": 409})

    assert [one.status_code for one in answers] == [400, 200]
    assert [one.json() for one in answers] == [failure, failure]
    assert chosen.status_code == 409


async def test_a_status_that_the_handler_sets_wins(http: Served) -> None:
    async def show(context: Context, status: int) -> str:
        context.set_status(status)
        return "text"

    http.add("/show", "GET", show, status=201)

    accepted, empty = await http.get("/show?status=202"), await http.get("/show?status=204")

    assert accepted.status_code == 202
    assert (empty.status_code, empty.content) == (204, b"")


@pytest.mark.parametrize("status", [0, 99, 101, 600, -1])
async def test_a_status_that_is_none_is_refused_by_the_setter(http: Served, status: int) -> None:
    async def show(context: Context) -> str:
        with pytest.raises(ValueError, match="is no final HTTP status"):
            context.set_status(status)
        return "done"

    http.add("/show", "GET", show)

    assert (await http.get("/show")).json() == "done"


# ---------------------------------------------------------------- headers and cookies of answers


async def test_a_header_that_the_handler_sets_is_sent_in_place_of_ours(http: Served) -> None:
    async def show(context: Context) -> str:
        context.set_header("X-One", "caf\xe9")
        context.set_header("x-one", "two")
        context.set_header("Content-Security-Policy", "default-src 'self'")
        return ""

    http.add("/show", "GET", show)

    answer = await http.get("/show")

    assert answer.headers.get_list("x-one") == ["caf\xe9", "two"]
    assert answer.headers.get_list("content-security-policy") == ["default-src 'self'"]


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("x", "a\r\nset-cookie: b=c", "the value of 'x' has a control character: remove it"),
        ("x", "a\nb", "the value of 'x' has a control character: remove it"),
        ("x", "a\0b", "the value of 'x' has a control character: remove it"),
        ("x", "a\x7fb", "the value of 'x' has a control character: remove it"),
        ("x", "\u20ac", "the value of 'x' is not latin-1: percent-encode it"),
        ("x", "\ud800", "the value of 'x' is not latin-1: percent-encode it"),
        ("", "a", "'' is no header name: use letters, digits and hyphens"),
        ("a b", "c", "'a b' is no header name: use letters, digits and hyphens"),
        ("a\r\nb", "c", "'a\\r\\nb' is no header name: use letters, digits and hyphens"),
        ("\xe9", "c", "'\xe9' is no header name: use letters, digits and hyphens"),
        ("Content-Length", "3", "'Content-Length' is the server's own: leave it out"),
        ("transfer-encoding", "chunked", "'transfer-encoding' is the server's own: leave it out"),
    ],
)
async def test_a_header_that_would_split_the_answer_is_refused_by_the_setter(
    http: Served, name: str, value: str, message: str
) -> None:
    async def show(context: Context) -> str:
        with pytest.raises(ValueError, match=re.escape(f"context.set_header: {message}")):
            context.set_header(name, value)
        return "done"

    http.add("/show", "GET", show)

    assert (await http.get("/show")).json() == "done"


async def test_a_cookie_is_set_with_safe_attributes(http: Served) -> None:
    async def show(context: Context) -> None:
        context.set_cookie("a", "1")
        context.set_cookie("b", 'x y;"\r\n', max_age_s=0, path="/b")

    http.add("/show", "GET", show)

    first, second = (await http.get("/show")).headers.get_list("set-cookie")

    assert first == "a=1; HttpOnly; Path=/; SameSite=lax; Secure"
    assert second.endswith("; HttpOnly; Max-Age=0; Path=/b; SameSite=lax; Secure")
    assert not {"\r", "\n"} & set(second)


@pytest.mark.parametrize(
    ("name", "value", "path"),
    [
        ("a b", "1", "/"),
        ("a=b", "1", "/"),
        ("", "1", "/"),
        ("a", "\u20ac", "/"),
        ("a", "1", "/;x"),
        ("a", "1", "/\r\n"),
    ],
)
async def test_a_cookie_that_cannot_be_is_refused_by_the_setter(http: Served, name: str, value: str, path: str) -> None:
    async def show(context: Context) -> str:
        with pytest.raises(ValueError, match=r"^context.set_"):
            context.set_cookie(name, value, path=path)
        return "done"

    http.add("/show", "GET", show)

    assert (await http.get("/show")).json() == "done"


async def test_every_answer_has_the_security_headers(http: Served) -> None:
    http.add("/show", "GET", lambda: "x")

    for url in ("/show", "/missing", "http://evil/show"):
        headers = (await http.get(url)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert headers["referrer-policy"] == "no-referrer"
        assert "server" not in headers
        assert "strict-transport-security" not in headers


async def test_https_is_asked_for_again(http: Served) -> None:
    http.add("/show", "GET", lambda: "x")

    answer = await http.get("https://localhost/show")

    assert answer.headers["strict-transport-security"] == "max-age=31536000"


# ---------------------------------------------------------------- errors


class NotFoundError(Exception): ...


class UserNotFoundError(NotFoundError): ...


class UserGoneError(UserNotFoundError): ...


class Abort(BaseException): ...


@pytest.mark.parametrize(
    ("raised", "status", "body"),
    [
        (NotFoundError, 404, {}),
        (UserNotFoundError, 409, {"detail": "no user"}),
        (UserGoneError, 409, {"detail": "no user"}),
        (KeyError, 422, {"detail": "taken", "errors": [{"detail": "taken", "pointer": "/email"}]}),
    ],
)
async def test_a_declared_error_is_answered_along_its_mro(
    http: Served, raised: type[Exception], status: int, body: dict[str, Any]
) -> None:
    async def show() -> None:
        raise raised("a secret")

    errors = {NotFoundError: 404, UserNotFoundError: (409, "no user"), KeyError: (422, "taken", "/email")}
    http.add("/show", "GET", show, errors=errors)

    answer = await http.get("/show")

    assert answer.status_code == status
    assert {key: answer.json()[key] for key in ("detail", "errors") if key in answer.json()} == body
    assert "secret" not in answer.text


@pytest.mark.parametrize(
    "raised",
    [ValueError, SystemExit, StopIteration, ValidationError, RecursionError, TimeoutError, GeneratorExit, Abort],
)
@pytest.mark.parametrize("is_async", [True, False], ids=["async def", "def"])
async def test_any_other_error_is_a_500_without_text_and_one_log_record(
    http: Served, raised: type[BaseException], is_async: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async def show() -> None:
        raise raised("a secret")

    def show_in_a_thread() -> None:
        raise raised("a secret")

    http.add("/show", "GET", show if is_async else show_in_a_thread)

    answer = await http.get("/show", headers={"x-request-id": "id-1"})

    assert answer.status_code == 500
    expected = {"type": "about:blank", "title": "Internal Server Error", "status": 500, "instance": "urn:request:id-1"}
    assert answer.json() == expected
    assert [one.getMessage() for one in caplog.records] == ["GET /show: made.feature failed"]
    assert "a secret" in caplog.text


async def test_a_refusal_is_answered_in_its_words(http: Served) -> None:
    async def show(status: int) -> None:
        raise Refusal(status, "come back later", retry_after_s=0.2 if status == 429 else None)

    http.add("/show", "GET", show)

    limited, unknown = await http.get("/show?status=429"), await http.get("/show?status=401")

    assert (limited.status_code, limited.json()["detail"]) == (429, "come back later")
    assert limited.headers["retry-after"] == "1"
    assert (unknown.status_code, unknown.headers["www-authenticate"]) == (401, "Bearer")
    assert "retry-after" not in unknown.headers


async def test_an_endpoint_can_declare_a_refusal_otherwise(http: Served) -> None:
    async def show() -> None:
        raise Refusal(409, "text")

    http.add("/show", "GET", show, errors={Refusal: (418, "other")})

    assert (await http.get("/show")).status_code == 418


async def test_a_cancellation_that_is_not_the_requests_is_an_error_of_the_handler(http: Served) -> None:
    async def show() -> None:
        task = asyncio.create_task(asyncio.sleep(60))
        await asyncio.sleep(0)
        task.cancel()
        await task

    http.add("/show", "GET", show)

    assert (await http.get("/show")).status_code == 500


@pytest.mark.parametrize("raised", [GeneratorExit, Abort])
async def test_an_error_of_any_class_after_a_pause_is_a_500_too(http: Served, raised: type[BaseException]) -> None:
    async def show() -> None:
        await asyncio.sleep(0)
        raise raised

    http.add("/show", "GET", show)

    assert (await http.get("/show")).status_code == 500


async def test_an_interrupt_is_the_processs(http: Served) -> None:
    async def show() -> None:
        raise KeyboardInterrupt

    http.add("/show", "GET", show)

    with pytest.raises(KeyboardInterrupt):
        await http.raw("GET", "/show")


async def test_a_request_that_is_cancelled_or_closed_is_not_answered(http: Served) -> None:
    ended: list[type[BaseException]] = []

    async def show() -> None:
        try:
            await asyncio.Event().wait()
        except BaseException as error:
            ended.append(type(error))
            raise

    http.add("/show", "GET", show)
    cancelled, closed = asyncio.create_task(http.raw("GET", "/show")), http.raw("GET", "/show")

    await asyncio.sleep(0)
    cancelled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelled
    closed.send(None)
    closed.close()

    assert ended == [asyncio.CancelledError, GeneratorExit]


async def test_a_problem_names_its_request(http: Served) -> None:
    answer = await http.get("/missing", headers={"x-request-id": "abc-1"})

    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    expected = {"type": "about:blank", "title": "Not Found", "status": 404, "detail": "nothing is here"}
    assert answer.json() == {**expected, "instance": "urn:request:abc-1"}


# ---------------------------------------------------------------- methods


async def test_another_method_is_told_which_there_are(http: Served) -> None:
    http.add("/x/{id}", "GET", show_id)
    http.add("/x/{id}", "DELETE", show_id)

    answer = await http.post("/x/1")

    assert answer.status_code == 405
    assert answer.headers["allow"] == "DELETE, GET, HEAD, OPTIONS"
    assert (await http.client.request("TRACE", "/x/1")).status_code == 405


async def test_head_is_a_get_without_its_body(http: Served) -> None:
    http.add("/x", "GET", lambda: "text")
    http.add("/page", "GET", lambda: PlainTextResponse("hello"))
    http.add("/only", "POST", lambda: "text")

    plain, response = await http.raw("HEAD", "/x"), await http.raw("HEAD", "/page")

    assert (plain[0], plain[1]["content-length"], plain[2]) == (200, "6", b"")
    assert (response[0], response[1]["content-length"], response[2]) == (200, "5", b"")
    assert (await http.client.head("/only")).status_code == 405


async def test_options_answers_with_the_methods_and_calls_nobody(http: Served) -> None:
    async def guard(context: Context) -> None:
        raise AssertionError

    http.add("/x", "POST", lambda data: data, guard=guard)

    answer = await http.client.options("/x")

    assert (answer.status_code, answer.headers["allow"]) == (204, "OPTIONS, POST")


# ---------------------------------------------------------------- guards


@dataclass(eq=False)
class Guard:
    """Lets through who brings the right key."""

    scheme = "bearer"
    scopes = ("admin",)

    async def __call__(self, context: Context) -> str:
        if context.headers.get("authorization") != "Bearer good":
            raise Refusal(401, "who are you")
        return "ana"


async def test_a_guard_comes_before_the_parameters_and_the_body(http: Served) -> None:
    async def take(id: int, limit: int, new: NewUser) -> None:
        raise AssertionError

    http.add("/take/{id}", "POST", take, guard=Guard())
    endless = {"type": "http.request", "body": b"x" * 2_000_000, "more_body": True}

    status, headers, body = await http.raw("POST", "/take/x", endless)

    assert status == 401
    assert headers["www-authenticate"] == "Bearer"
    assert json.decode(body)["detail"] == "who are you"


async def test_claims_reach_the_handler_and_the_answer_is_not_stored(http: Served) -> None:
    async def me(context: Context) -> str:
        return str(context.claims)

    async def page() -> Response:
        return PlainTextResponse("private")

    http.add("/me", "GET", me, guard=Guard())
    http.add("/page", "GET", page, guard=Guard())
    http.add("/public", "GET", me)
    headers = {"authorization": "Bearer good"}

    answers = [await http.get(path, headers=headers) for path in ("/me", "/page", "/public")]

    assert answers[0].json() == "ana"
    assert [one.headers.get("cache-control") for one in answers] == ["no-store", "no-store", None]


async def test_a_guard_that_breaks_lets_nobody_in(http: Served) -> None:
    async def broken(context: Context) -> None:
        raise KeyError("secret")

    http.add("/x", "GET", lambda: "in", guard=broken)
    http.add("/y", "GET", lambda: "in", guard=lambda context: "not awaitable")

    assert (await http.get("/x")).status_code == 500
    assert (await http.get("/y")).status_code == 500


async def test_an_unguarded_route_is_a_finding_an_error_outside_development(boot: Boot) -> None:
    for settings, is_error in [
        ({}, False),
        ({"ENV": "production", "HTTP_HOSTS": "a.example"}, True),
        ({"ENV": "staging", "HTTP_HOSTS": "a.example"}, True),
        ({"ENV": "production", "HTTP_HOSTS": "a.example", "HTTP_UNGUARDED": "allow"}, False),
    ]:
        http = await boot(**settings)
        http.add("/open", "GET", nothing, public=False)
        http.add("/public", "GET", nothing)
        http.add("/guarded", "GET", nothing, guard=Guard())

        (finding,) = await http.work.check()

        assert finding.is_error is is_error
        assert (finding.code, finding.file) == ("http-unguarded", "made.feature.py")
        assert finding.message.startswith("GET /open is unguarded: add guard=self.auth.require()")


# ---------------------------------------------------------------- the head of a request


async def test_a_request_id_goes_in_and_out_and_is_the_trace(http: Served) -> None:
    async def show(context: Context) -> list[str]:
        return [context.request_id, trace.get().request_id, trace.get().trace_id]

    http.add("/show", "GET", show)

    answer = await http.get("/show", headers={"x-request-id": "client-1"})

    assert answer.json() == ["client-1"] * 3
    assert answer.headers["x-request-id"] == "client-1"


@pytest.mark.parametrize("given", ["", "a" * 65, "a b", "a\tb", "<script>", "caf\xe9"])
async def test_a_request_id_that_is_none_is_replaced(http: Served, given: str) -> None:
    answer = await http.get("/x", headers=[(b"x-request-id", given.encode("latin-1"))])

    assert re.fullmatch("[0-9a-f]{32}", answer.headers["x-request-id"])


async def test_two_requests_have_two_ids(http: Served) -> None:
    ids = {(await http.get("/x")).headers["x-request-id"] for _ in range(20)}

    assert len(ids) == 20


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8000", "127.0.0.1:80", "[::1]:5000", "testserver"])
async def test_a_local_host_is_known(http: Served, host: str) -> None:
    http.add("/x", "GET", lambda: "x")

    assert (await http.get("/x", headers={"host": host})).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "a@localhost", "localhost/x?y", "localhost:x", "", " ", "localhost#"],
)
@pytest.mark.parametrize("hosts", ["", "*"], ids=["local", "all"])
async def test_a_host_that_is_not_ours_or_is_none_is_refused(boot: Boot, host: str, hosts: str) -> None:
    http = await boot(HTTP_HOSTS=hosts)
    http.add("/x", "GET", lambda: "x")

    answer = await http.get("/x", headers={"host": host})

    assert answer.status_code == (200 if hosts and host.endswith(".example") else 400)


async def test_a_request_has_one_host(http: Served) -> None:
    http.add("/x", "GET", lambda: "x")

    two = await http.raw("GET", "/x", headers=[(b"host", b"localhost")])
    none = await http.raw("GET", "/x", headers=[], type="http")
    http_10 = await http.client.get("/x", headers={"host": "localhost"})

    assert (two[0], none[0], http_10.status_code) == (400, 200, 200)


@pytest.mark.parametrize("env", ["production", "Production", "staging", "dev", ""])
async def test_whatever_is_not_development_names_its_hosts(boot: Boot, env: str) -> None:
    with pytest.raises(ValueError) as caught:
        await boot(ENV=env)

    assert str(caught.value) == (
        "HTTP_HOSTS is not set: unless ENV is development, set it to the host names that are answered"
    )


@pytest.mark.parametrize("env", ["production", "development"])
@pytest.mark.parametrize("hosts", [",", " ", " , ,"])
async def test_hosts_that_name_none_are_refused(boot: Boot, hosts: str, env: str) -> None:
    with pytest.raises(ValueError) as caught:
        await boot(ENV=env, HTTP_HOSTS=hosts)

    advice = "write the host names that are answered, by comma, or `*` for all"
    assert str(caught.value) == f"HTTP_HOSTS is {hosts!r}, which names no host: {advice}"


@pytest.mark.parametrize("name", ["HTTP_BODY_TIMEOUT_S", "HTTP_HANDLER_TIMEOUT_S"])
@pytest.mark.parametrize("value", ["inf", "1e12", "86400.1"])
async def test_a_time_of_more_than_a_day_is_refused(boot: Boot, name: str, value: str) -> None:
    with pytest.raises(ValidationError, match=f"Expected `float` <= 86400.0 - at `\\$.{name}`"):
        await boot(**{name: value})


async def test_production_answers_for_the_hosts_that_it_names(boot: Boot) -> None:

    http = await boot(ENV="production", HTTP_HOSTS="api.example, www.example,")
    http.add("/x", "GET", lambda: "x")

    assert (await http.get("http://www.example/x")).status_code == 200
    assert (await http.get("/x")).status_code == 400


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/" + "x" * 8_192, [], 414),
        ("/?" + "x" * 8_192, [], 414),
        ("/x", [(b"x-big", b"x" * 32_768)], 431),
        ("/x", [(b"x-%d" % index, b"x") for index in range(100)], 431),
        ("/x", [(b"content-length", b"1"), (b"transfer-encoding", b"chunked")], 400),
        ("/x", [(b"content-length", b"1"), (b"content-length", b"2")], 400),
        ("/x", [(b"authorization", b"Bearer a"), (b"authorization", b"Bearer b")], 400),
    ],
)
async def test_a_head_that_is_too_large_or_ambiguous_is_refused(
    http: Served, path: str, headers: list[tuple[bytes, bytes]], status: int
) -> None:
    answer = await http.raw("GET", path, headers=headers)

    assert answer[0] == status
    assert json.decode(answer[2])["status"] == status


async def test_a_header_with_an_underscore_is_nobodys(http: Served) -> None:
    async def show(context: Context) -> list[str]:
        return sorted(context.headers)

    http.add("/show", "GET", show)

    _, _, body = await http.raw("GET", "/show", headers=[(b"x_forwarded_for", b"6.6.6.6"), (b"x-a", b"b")])

    assert json.decode(body) == ["host", "x-a"]


@pytest.mark.parametrize(
    "path", ["//users/1", "/users/1/", "/users/", "/Users/1", "/users//1", "/users/1%00", "/users/1/..", "/users/a%2fb"]
)
async def test_a_path_has_one_spelling(http: Served, path: str) -> None:
    http.add("/users/{id}", "GET", show_id)

    answer = await http.client.get(f"http://localhost{path}")

    assert answer.status_code == 404
    assert "location" not in answer.headers


async def test_a_root_path_is_not_part_of_the_route(http: Served) -> None:
    http.add("/x", "GET", lambda: "x")

    inside = await http.raw("GET", "/api/x", root_path="/api")
    beside = await http.raw("GET", "/apix", root_path="/api")

    assert (inside[0], beside[0]) == (200, 404)


# ---------------------------------------------------------------- limits


def part(body: bytes, more: bool = False) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


JSON_TYPE = (b"content-type", b"application/json")


@pytest.mark.parametrize("declared", [b"1001", b"1000000000000", b"9" * 40])
async def test_a_body_that_says_that_it_is_too_large_is_not_read(http: Served, declared: bytes) -> None:
    http.add("/take", "POST", lambda data: data, max_body_bytes=1000)

    status, headers, _ = await http.raw("POST", "/take", headers=[JSON_TYPE, (b"content-length", declared)])

    assert (status, headers["connection"]) == (413, "close")


async def test_a_body_without_end_is_read_up_to_the_limit(http: Served) -> None:
    http.add("/take", "POST", lambda data: data, max_body_bytes=1000)
    http.add("/raw", "POST", read_all, max_body_bytes=1000)
    chunks = [part(b"x" * 400, more=True) for _ in range(4)]

    for path in ("/take", "/raw"):
        status, headers, _ = await http.raw("POST", path, *chunks, headers=[JSON_TYPE])
        assert (status, headers["connection"]) == (413, "close")


CHUNKED = (b"transfer-encoding", b"chunked")
TOO_LONG = (b"content-length", b"1001")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("POST", "/guarded", 401), ("POST", "/missing", 404), ("PUT", "/guarded", 405), ("POST", "/typed?limit=x", 422)],
)
@pytest.mark.parametrize("framing", [CHUNKED, TOO_LONG], ids=["chunked", "too long"])
async def test_a_refusal_of_a_body_that_nothing_bounds_closes_the_connection(
    boot: Boot, framing: tuple[bytes, bytes], method: str, path: str, status: int
) -> None:
    async def typed(data: dict, limit: int) -> None: ...  # type: ignore[type-arg]

    http = await boot(HTTP_MAX_BODY_BYTES="1000")
    http.add("/guarded", "POST", lambda data: data, guard=Guard())
    http.add("/typed", "POST", typed)

    closed = await http.raw(method, path, headers=[JSON_TYPE, framing])
    second_version = await http.raw(method, path, headers=[JSON_TYPE, framing], http_version="2")

    assert (closed[0], closed[1].get("connection")) == (status, "close")
    assert (second_version[0], "connection" in second_version[1]) == (status, False)


async def test_a_refusal_of_a_body_within_its_limit_keeps_the_connection(http: Served) -> None:
    async def read_and_refuse(request: Request) -> None:
        await request.body()
        raise Refusal(409, "no")

    http.add("/guarded", "POST", lambda data: data, guard=Guard(), max_body_bytes=1_001)
    http.add("/take", "POST", lambda data: data)
    http.add("/raw", "POST", read_and_refuse)

    unread = await http.raw("POST", "/guarded", headers=[JSON_TYPE, TOO_LONG])
    bound = await http.raw("POST", "/take", part(b"{"), headers=[JSON_TYPE, CHUNKED])
    raw = await http.raw("POST", "/raw", part(b"{", more=True), part(b"}"), headers=[JSON_TYPE, CHUNKED])

    assert [one[0] for one in (unread, bound, raw)] == [401, 400, 409]
    assert not any("connection" in one[1] for one in (unread, bound, raw))


async def read_all(request: Request) -> int:
    return len(await request.body())


async def test_a_body_of_exactly_the_limit_is_taken_in_pieces(http: Served) -> None:
    http.add("/take", "POST", lambda data: data, max_body_bytes=8)

    status, _, body = await http.raw("POST", "/take", part(b'{"a"', more=True), part(b": 1}"), headers=[JSON_TYPE])

    assert (status, body) == (200, b'{"a":1}')


async def test_a_client_that_leaves_is_no_error_of_ours(http: Served, caplog: pytest.LogCaptureFixture) -> None:
    http.add("/take", "POST", lambda data: data)
    http.add("/raw", "POST", read_all)

    bound = await http.raw("POST", "/take", part(b"{", more=True), headers=[JSON_TYPE])
    raw = await http.raw("POST", "/raw", part(b"{", more=True), headers=[JSON_TYPE])

    assert (bound[0], raw[0], caplog.text) == (400, 400, "")


async def test_a_body_that_does_not_arrive_is_given_up(boot: Boot) -> None:
    http = await boot(HTTP_BODY_TIMEOUT_S="0.01")
    http.add("/take", "POST", lambda data: data)
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "http_version": "1.1", "method": "POST", "path": "/take", "query_string": b""}
    await http.app({**scope, "headers": [(b"host", b"localhost"), JSON_TYPE]}, asyncio.Event().wait, send)

    assert sent[0]["status"] == 408
    assert (b"connection", b"close") in sent[0]["headers"]


@pytest.mark.parametrize("is_async", [True, False], ids=["async def", "def"])
async def test_a_handler_that_takes_too_long_is_given_up(http: Served, is_async: bool) -> None:
    ended, release = asyncio.Event(), threading.Event()

    async def slow() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    def slow_in_a_thread() -> None:
        release.wait(10)

    http.add("/slow", "GET", slow if is_async else slow_in_a_thread, timeout_s=0.02)

    answer = await http.get("/slow")

    assert (answer.status_code, answer.json()["detail"]) == (504, "the answer took too long")
    assert ended.is_set() is is_async
    release.set()


async def test_a_guard_that_takes_too_long_is_given_up(http: Served) -> None:
    async def slow(context: Context) -> None:
        await asyncio.Event().wait()

    http.add("/slow", "GET", nothing, guard=slow, timeout_s=0.01)

    assert (await http.get("/slow")).status_code == 504


async def test_a_handlers_own_timeout_is_its_own(http: Served) -> None:
    async def slow() -> None:
        async with asyncio.timeout(0.01):
            await asyncio.Event().wait()

    http.add("/slow", "GET", slow, errors={TimeoutError: (503, "upstream")})

    assert (await http.get("/slow")).status_code == 503


async def test_a_def_runs_in_a_thread_with_the_trace_and_beside_the_loop(http: Served) -> None:
    def show() -> list[Any]:
        return [threading.current_thread() is threading.main_thread(), trace.get().request_id]

    http.add("/show", "GET", show)

    assert (await http.get("/show", headers={"x-request-id": "id-1"})).json() == [False, "id-1"]


async def test_a_def_over_the_bound_is_refused_at_once(http: Served) -> None:
    release = threading.Event()
    http.add("/block", "GET", lambda: release.wait(10))
    http.add("/ping", "GET", nothing)

    blocked = [asyncio.create_task(http.get("/block")) for _ in range(THREADS)]
    while sum(thread.name.startswith("Thread") for thread in threading.enumerate()) < THREADS:
        await asyncio.sleep(0)
    refused, ping = await http.get("/block"), await http.get("/ping")
    release.set()

    assert (refused.status_code, refused.headers["retry-after"], ping.status_code) == (503, "1", 204)
    assert {(await one).status_code for one in blocked} == {200}


# ---------------------------------------------------------------- mounts


def small_app(text: str = "mounted") -> Starlette:
    async def show(request: Request) -> Response:
        return JSONResponse([text, request.url.path, (await request.body()).decode()])

    async def fail(request: Request) -> Response:
        raise ValueError("a secret")

    async def half(request: Request) -> Response:
        async def parts() -> AsyncIterator[str]:
            yield "a"
            raise ValueError("a secret")

        return StreamingResponse(parts())

    routes = [Route("/fail", fail), Route("/half", half), Route("/{rest:path}", show, methods=["GET", "POST"])]
    return Starlette(routes=routes, middleware=[Middleware(GZipMiddleware, minimum_size=1)])


async def test_a_mounted_app_serves_what_is_below_its_path_with_its_middleware(http: Served) -> None:
    http.add("/admin/own", "GET", lambda: "ours")
    with hook():
        http.http.mount("/admin", small_app())
        http.http.mount("/admin/deep", small_app("deeper"))

    answer = await http.post("/admin/x", content=b"body")

    assert answer.headers["content-encoding"] == "gzip"
    assert answer.json() == ["mounted", "/admin/x", "body"]
    assert (await http.get("/admin/deep/x")).json()[0] == "deeper"
    assert (await http.get("/admin/own")).json() == "ours"
    assert (await http.get("/administrator")).status_code == 404


async def test_one_app_is_mounted_at_a_path(http: Served) -> None:
    with hook():
        http.http.mount("/admin", small_app())

        with pytest.raises(RouteError, match="^mount '/admin' is taken by made.feature already: change one path$"):
            http.http.mount("/admin/", small_app())
        with pytest.raises(RouteError, match="^mount 'admin' cannot be routed: write an absolute path such as"):
            http.http.mount("admin", small_app())


async def test_an_error_of_a_mounted_app_does_not_leave(http: Served, caplog: pytest.LogCaptureFixture) -> None:
    async def raises(scope: Any, receive: Any, send: Any) -> None:
        raise ValueError("a secret")

    with hook():
        http.http.mount("/app", small_app())
        http.http.mount("/raw", raises)

    answers = [await http.get("/app/fail"), await http.get("/raw/x")]

    assert [one.status_code for one in answers] == [500, 500]
    assert not any("secret" in one.text for one in answers)
    assert len([one for one in caplog.records if one.levelno == logging.ERROR]) == 2


async def test_an_error_of_any_class_of_a_mounted_app_does_not_leave(http: Served) -> None:
    async def raises(scope: Any, receive: Any, send: Any) -> None:
        raise Abort("a secret")

    with hook():
        http.http.mount("/raw", raises)

    assert (await http.get("/raw/x")).status_code == 500


async def test_an_answer_that_breaks_off_is_told_to_the_server(http: Served) -> None:
    with hook():
        http.http.mount("/app", small_app())

    with pytest.raises(RuntimeError, match="the answer broke off half-way"):
        await http.raw("GET", "/app/half", headers=[])


async def test_a_mounted_app_is_behind_the_checks_of_the_head(http: Served) -> None:
    with hook():
        http.http.mount("", small_app())

    assert (await http.get("/anything")).status_code == 200
    assert (await http.get("http://evil.example/anything")).status_code == 400
    closed = await http.raw("GET", "/ws", type="websocket", headers=[(b"host", b"evil.example")])
    assert closed == (0, {}, b"")


async def test_a_websocket_that_nothing_serves_is_closed(http: Served) -> None:
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "websocket", "path": "/ws", "query_string": b"", "headers": [(b"host", b"localhost")]}
    await http.app(scope, asyncio.Event().wait, send)

    assert sent == [{"type": "websocket.close", "code": 1008}]


async def test_a_redirect_is_a_response(http: Served) -> None:
    http.add("/old", "GET", lambda: RedirectResponse("/new"))

    answer = await http.get("/old", follow_redirects=False)

    assert (answer.status_code, answer.headers["location"]) == (307, "/new")
