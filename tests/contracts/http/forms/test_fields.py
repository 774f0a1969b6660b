"""Fields of a form: what binds, and to which type."""

from datetime import date
from typing import Annotated, Any

import pytest
from msgspec import Meta

from tests.contracts.http.forms.parts import URLENCODED, Colour, NewPost, form, keep_post, send
from tests.contracts.http_served import Served, typed
from tools.http.contract import Context, File, Form, Query, Upload


async def test_a_struct_takes_the_fields_of_a_form(http: Served) -> None:
    http.add("/x", "POST", keep_post)
    fields = {"title": "Caf\u00e9 & co", "votes": "7", "day": "2026-02-03", "tags": ["a", "b"], "is_open": "true"}

    urlencoded = await http.post("/x", data=fields)
    multipart = await http.post("/x", data=fields, files={"ignored": b"x"})

    assert urlencoded.json() == {**fields, "votes": 7, "is_open": True}
    assert multipart.json() == urlencoded.json()


@pytest.mark.parametrize(
    ("kind", "sent", "value"),
    [
        (str, "a=1&a=2", "2"),
        (str, "a=", ""),
        (str, "a", ""),
        (int, "a=-7", -7),
        (int | None, "a=7", 7),
        (list[int], "a=1&a=2", [1, 2]),
        (set[str], "a=1&a=1", ["1"]),
        (Colour, "a=red", "red"),
        (date, "a=2026-02-03", "2026-02-03"),
        (str, "a=a+b%20c%C3%A9", "a b c\u00e9"),
        (str, "&&a=1&", "1"),
    ],
)
async def test_a_field_becomes_the_type_that_is_declared(http: Served, kind: Any, sent: str, value: Any) -> None:
    async def handler(a: Any) -> Any:
        return a

    http.add("/x", "POST", typed(handler, a=Annotated[kind, Form()]))

    answer = await http.post("/x", content=sent, headers={"content-type": URLENCODED[1].decode()})

    assert (answer.status_code, answer.json()) == (200, value)


@pytest.mark.parametrize(
    ("kind", "sent"),
    [
        (int, "a=x"),
        (int, "a=1.0"),
        (int, "a=9223372036854775808"),
        (int, "a="),
        (int, ""),
        (str, "b=1"),
        (list[int], "a=1&a=x"),
        (Colour, "a=green"),
        (Annotated[str, Meta(min_length=1)], "a="),
    ],
)
async def test_a_field_that_is_not_valid_is_named(http: Served, kind: Any, sent: str) -> None:
    async def handler(a: Any) -> None: ...

    http.add("/x", "POST", typed(handler, a=Annotated[kind, Form()]))

    answer = await http.post("/x", content=sent, headers={"content-type": URLENCODED[1].decode()})

    assert answer.status_code == 422
    assert answer.json()["detail"] == "the form parameter 'a' is not valid"
    assert answer.json()["errors"][0]["parameter"] == "a"


@pytest.mark.parametrize(
    ("sent", "parameter"),
    [
        ("title=x&votes=many", "votes"),
        ("title=x&votes=1e0", "votes"),
        ("title=x&votes=99999999999999999999", "votes"),
        ("title=", "title"),
        ("votes=1", "title"),
        ("title=x&extra=1", "extra"),
        ("title=x&day=today", "day"),
        ("", "title"),
    ],
)
async def test_a_structs_field_that_is_not_valid_is_named(http: Served, sent: str, parameter: str) -> None:
    http.add("/x", "POST", keep_post)

    answer = await http.post("/x", content=sent, headers={"content-type": URLENCODED[1].decode()})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["parameter"] == parameter


async def test_a_number_or_a_date_left_empty_was_not_filled_in(http: Served) -> None:
    async def handler(age: Annotated[int | None, Form()] = 3, name: Annotated[str, Form()] = "x") -> list[Any]:
        return [age, name]

    http.add("/x", "POST", keep_post)
    http.add("/y", "POST", handler)

    assert (await http.post("/x", data={"title": "t", "votes": "", "day": ""})).json()["day"] is None
    assert (await http.post("/y", data={"age": "", "name": ""})).json() == [3, ""]


async def test_defaults_stand_for_what_is_not_sent(http: Served) -> None:
    async def handler(
        new: Annotated[NewPost | None, Form()] = None,
        nick: Annotated[str, Form("nick-name")] = "anon",
        picture: Annotated[Upload | None, File()] = None,
        more: Annotated[list[Upload] | None, File()] = None,
    ) -> list[Any]:
        return [new, nick, picture, more]

    http.add("/x", "POST", handler)

    assert (await http.post("/x")).json() == [None, "anon", None, None]
    assert (await http.post("/x", data={"title": "t", "nick-name": "a"})).status_code == 422
    assert (await send(http, form()))[1] == b'[null,"anon",null,null]'


async def test_a_form_beside_path_query_and_context(http: Served) -> None:
    async def handler(
        id: int, context: Context, a: Annotated[str, Form()], page: Annotated[int, Query()] = 1
    ) -> list[Any]:
        return [id, a, page, context.headers["host"]]

    http.add("/x/{id}", "PUT", handler)

    answer = await http.client.put("/x/3?page=2", data={"a": "b"})

    assert answer.json() == [3, "b", 2, "localhost"]
