"""Where a path leads, and what its placeholders become."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import pytest
from msgspec import Meta, json

from tests.contracts.http.models import Colour, show_id
from tests.contracts.http_served import Served, typed
from tools.http.contract import Context


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


async def test_the_path_says_the_type_of_a_placeholder_without_an_annotation(http: Served) -> None:
    async def show(id):  # type: ignore[no-untyped-def]
        return id

    http.add("/things/{id:int}", "GET", show)

    assert (await http.get("/things/7")).json() == 7
    assert (await http.get("/things/x")).status_code == 404


async def test_a_line_feed_is_a_character_like_any_other(http: Served) -> None:
    http.add("/x", "GET", lambda: "static")
    http.add("/y/{id}", "GET", show_id)
    http.add("/z/{id:path}", "GET", show_id)

    answers = [await http.raw("GET", path) for path in ("/x\n", "/y/a\n", "/z/a\nb")]

    assert [one[0] for one in answers] == [404, 200, 200]
    assert [json.decode(one[2]) for one in answers[1:]] == ["a\n", "a\nb"]
