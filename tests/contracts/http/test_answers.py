"""What a handler returns, and what is answered."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import pytest
from msgspec import Meta
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from tests.contracts.http.models import Colour, Crate, Row, SecretUser, Team, User, nothing
from tests.contracts.http_served import Served, typed
from tools.http.contract import Context


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
        (list[Crate[int]], [Crate(1, "a")], [{"kept": 1, "label": "a"}]),
        (list[Crate[User]], [Crate(SecretUser(1, "a"))], [{"kept": {"id": 1, "name": "a"}, "label": ""}]),
        (list[Annotated[str, {"no": "hash"}]], ["a"], ["a"]),
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
    http.add("/nothing", "POST", nothing, status=201)

    empty, created, made = await http.get("/nothing"), await http.post("/users"), await http.post("/nothing")

    assert (empty.status_code, empty.content, "content-type" in empty.headers) == (204, b"", False)
    assert (created.status_code, created.headers["content-type"]) == (201, "application/json")
    assert (made.status_code, made.headers["content-length"], "content-type" in made.headers) == (201, "0", False)


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


async def test_a_streaming_response_that_breaks_off_is_told_to_the_server(http: Served) -> None:
    async def half() -> AsyncIterator[str]:
        yield "a"
        raise ValueError("a secret")

    async def page() -> Response:
        return StreamingResponse(half())

    http.add("/page", "GET", page)

    with pytest.raises(RuntimeError, match="the answer broke off half-way"):
        await http.raw("GET", "/page")


async def test_every_cookie_of_an_answer_is_set(http: Served) -> None:
    async def page(context: Context) -> Response:
        context.set_cookie("a", "1")
        answer = PlainTextResponse("hello")
        answer.set_cookie("b", "2")
        return answer

    http.add("/page", "GET", page)

    cookies = (await http.get("/page")).headers.get_list("set-cookie")

    assert sorted(one.partition(";")[0] for one in cookies) == ["a=1", "b=2"]


async def test_each_status_that_may_be_chosen_answers_with_its_own_type(http: Served) -> None:
    async def show(context: Context, status: int) -> User:
        context.set_status(status)
        return SecretUser(1, "a")

    http.add("/show", "GET", show, answers={202: Team, 203: list[int]})

    good, other, wrong = [await http.get(f"/show?status={one}") for one in (200, 203, 202)]

    assert good.json() == {"id": 1, "name": "a"}
    assert (other.status_code, wrong.status_code) == (500, 500)
