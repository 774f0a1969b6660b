"""The JSON body, bound to a handler."""

from typing import Annotated, Any

import pytest
from msgspec import json
from starlette.requests import Request

from tests.contracts.http.models import ArticleUser, Cat, Dog, NewUser
from tests.contracts.http_served import Served, typed
from tools.http.contract import Body, Context


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


@pytest.mark.parametrize("kind", [Cat | Dog, Cat | Dog | None], ids=str)
async def test_a_union_of_tagged_structs_is_the_body_without_a_mark(http: Served, kind: Any) -> None:
    async def take(given: Any) -> str:
        return type(given).__name__

    http.add("/take", "POST", typed(take, given=kind))

    answer = await http.post("/take", json={"type": "Dog", "tricks": ["sit"]})
    wrong = await http.post("/take", json={"type": "Cow"})

    assert (answer.json(), wrong.status_code, wrong.json()["errors"][0]["pointer"]) == ("Dog", 422, "/type")


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


async def test_a_body_marked_as_bytes_is_taken_as_it_came(http: Served) -> None:
    async def take(raw: Annotated[bytes, Body()]) -> int:
        return len(raw)

    http.add("/take", "POST", take, max_body_bytes=4)

    answers = [await http.post("/take", content=one) for one in (b"\xff{", b"", b"12345")]

    assert [one.status_code for one in answers] == [200, 200, 413]
    assert [one.json() for one in answers[:2]] == [2, 0]
