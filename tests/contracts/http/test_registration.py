"""Routes that cannot be, each with its message in full; and the way back."""

from collections.abc import Callable
from typing import Annotated, Any

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from hookspecs import Part
from tests.contracts.http.models import NewUser, User, nothing, show_id
from tests.contracts.http_served import Served, hook
from tools.http.contract import Body, Context, Cookie, Header, RouteError


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
        ("/x/{id:hex}", "GET", nothing, {}),
        "path '/x/{id:hex}': '{id:hex}' is no placeholder: a placeholder is a whole segment, `{name}` or at the end "
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


@pytest.mark.capability("mount")
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


async def test_one_method_of_a_path_goes_and_the_other_stays(http: Served) -> None:
    undo = http.add("/x/{id}", "GET", show_id)
    http.add("/x/{name}", "DELETE", lambda name: name)

    undo.close()

    assert (await http.get("/x/1")).headers["allow"] == "DELETE, OPTIONS"
    assert (await http.client.delete("/x/1")).json() == "1"
    http.add("/x/{other}", "GET", lambda other: other)
    assert (await http.get("/x/1")).json() == "1"
