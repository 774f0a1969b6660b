"""The OpenAPI document as a whole: valid, complete, the same each time, and not larger than it has to be."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Annotated, Any

import msgspec
import openapi_spec_validator
import pytest
from msgspec import Meta, Struct

import asgi
from hookspecs import Fact, Part
from tests.contracts.http_served import serve
from tests.tools.http.every_binding import ROUTES, every_binding
from tools.http.endpoint import Endpoint
from tools.http.openapi.command import openapi_command
from tools.http.openapi.document import openapi
from tools.http.openapi.schema_rules import DURATION
from tools.http.options import Limits, Options
from tools.http.router import Path as RoutePath


class Created(Struct):
    """Somebody is there."""

    id: int
    email: Annotated[str, Meta(examples=["ana@example.com"])]


class Seen(Struct):
    id: int


def endpoint(path: str, method: str, handler: Any, **options: Any) -> Endpoint:
    part, limits = Part("made.feature", "made.py"), Limits(1_000, 1, 1)
    options = {name: options[name] for name in options if name in Options._fields}
    return Endpoint(part, RoutePath.parse(path), method, handler, Options(**options), limits)


def validate(document: Any) -> None:
    """Let a valid document pass, as it looks on the wire."""
    openapi_spec_validator.validate(json.loads(msgspec.json.encode(document)))


@pytest.fixture(scope="module")
def endpoints() -> list[Endpoint]:
    return [endpoint(path, method, handler, **options) for path, method, handler, options in ROUTES]


@pytest.fixture(scope="module")
def made(endpoints: list[Endpoint]) -> Any:
    return openapi(endpoints)


async def test_the_shipped_apps_document_is_valid() -> None:
    async with asgi.running() as client:
        document = (await client.get("/openapi.json")).json()

    validate(document)
    assert document["openapi"].startswith("3.1")
    assert len(document["paths"]) >= 10


async def test_a_document_of_every_binding_is_valid_as_it_is_served() -> None:
    served = await every_binding()

    document = (await served.get("/openapi.json")).json()
    await served.client.aclose()

    validate(document)
    assert sum(map(len, document["paths"].values())) == len(ROUTES)


async def test_no_route_at_all_is_a_valid_document_too() -> None:
    served = await serve("tools.http", {})

    openapi_spec_validator.validate((await served.get("/openapi.json")).json())
    await served.client.aclose()


def test_every_operation_names_a_problem_and_every_answer_its_request(made: Any) -> None:
    shared = made["components"]["responses"]

    for operation in (operation for path in made["paths"].values() for operation in path.values()):
        for one in operation["responses"].values():
            one = shared[one["$ref"].rpartition("/")[2]] if "$ref" in one else one
            assert one["headers"]["x-request-id"] == {"$ref": "#/components/headers/RequestId"}
        assert "application/problem+json" in shared["Problem"]["content"]
        assert {"500", "default"} <= operation["responses"].keys()


def test_the_example_of_a_problem_is_one(made: Any) -> None:
    kind = {"application/problem+json"}

    for name, one in made["components"]["responses"].items():
        media = one["content"]["application/problem+json"]
        assert one["content"].keys() == kind
        if name != "Problem":
            assert media["example"].keys() >= {"type", "title", "status", "instance"}
            assert str(media["example"]["status"]) == name.removeprefix("Problem")
    assert (
        "detail" not in made["components"]["responses"]["Problem500"]["content"]["application/problem+json"]["example"]
    )


def test_a_body_adds_what_can_be_wrong_with_a_body(made: Any) -> None:
    statuses = {path: set(one["responses"]) for path, methods in made["paths"].items() for one in methods.values()}

    assert {"408", "413", "415", "422"} <= statuses["/everything"]
    assert statuses["/raw"] & {"408", "413", "415", "422"} == {"408", "413"}
    assert not statuses["/nothing"] & {"404", "408", "413", "415", "422"}
    assert "404" in statuses["/number/{id}"]
    assert {"401", "403"} <= statuses["/guarded"]
    assert {"409", "404"} <= statuses["/refused/{id}"]


def test_several_good_answers_are_each_described(made: Any) -> None:
    answers = {path: one["responses"] for path, methods in made["paths"].items() for one in methods.values()}

    assert answers["/several"]["202"]["content"]["application/json"]["schema"]["$ref"].endswith("/Inner")
    assert "content" not in answers["/several"]["303"]
    assert answers["/either"]["200"]["content"].keys() == {"application/json", "text/html"}
    assert answers["/text"]["200"]["content"].keys() == {"text/plain"}
    assert answers["/response"]["200"]["content"].keys() == {"*/*"}
    assert ("200" in answers["/elsewhere"], "location" in answers["/elsewhere"]["307"]["headers"]) == (False, True)
    assert answers["/article"]["400"]["content"].keys() == {"application/problem+json", "application/json"}


def test_a_placeholder_that_is_read_off_the_context_is_a_parameter(made: Any) -> None:
    parameters = made["paths"]["/context/{one}/{two}"]["get"]["parameters"]

    assert [(one["name"], one["in"], one["required"]) for one in parameters] == [
        ("one", "path", True),
        ("two", "path", True),
    ]


def test_a_schema_allows_what_is_taken_and_no_more(made: Any) -> None:
    fields = made["components"]["schemas"]["Everything"]["properties"]

    assert made["components"]["schemas"]["Inner"]["properties"]["amount"]["maximum"] == 2**63 - 1
    assert made["components"]["schemas"]["Inner"]["properties"]["at"]["anyOf"][0]["format"] == "date-time"
    assert fields["price"]["pattern"].startswith("^-?")
    assert fields["lasts"] == {"type": "string", "pattern": DURATION}
    assert fields["counts"]["propertyNames"]
    assert fields["pair"]["prefixItems"][0]["minimum"] == -(2**63)
    assert fields["text"]["examples"] == ["abc"]


def test_a_description_of_a_type_is_that_of_its_parameter(made: Any) -> None:
    parameters = {one["name"]: one for one in made["paths"]["/required"]["get"]["parameters"]}

    assert parameters["limit"]["description"] == "most rows"
    assert parameters["other-name"]["required"] is True
    assert parameters["colour"]["schema"]["default"] == "red"


def test_events_are_webhooks_of_what_all_who_declare_them_say(endpoints: list[Endpoint]) -> None:
    facts = [
        Fact("event", "users.create", "user.created", "somebody signed up", {"payload": Created}),
        Fact("event", "mail.welcome", "user.created", "", {"payload": Seen}),
        Fact("event", "mail.log", "user.deleted", "", {"payload": dict[str, Any]}),
        Fact("subscription", "mail.log", "user.deleted"),
    ]

    document = openapi(endpoints, facts)

    validate(document)
    assert list(document["webhooks"]) == ["user.created", "user.deleted"]
    event = document["webhooks"]["user.created"]["post"]
    schema = event["requestBody"]["content"]["application/json"]["schema"]
    assert [one["$ref"].rpartition("/")[2] for one in schema["allOf"]] == ["Seen", "Created"]
    assert event["summary"] == "somebody signed up"


def test_what_openapi_cannot_say_is_named(endpoints: list[Endpoint]) -> None:
    facts = [Fact("websocket", "chat", "WEBSOCKET /chat", "talk", {"path": "/chat"}), Fact("mount", "admin", "/admin")]

    document = openapi(endpoints, facts)

    validate(document)
    assert document["x-websockets"] == [{"path": "/chat", "summary": "talk"}]
    assert "x-websockets" in document["info"]["description"]
    assert "`/admin`" in document["info"]["description"]
    assert "/chat" not in document["paths"]


def test_a_type_that_only_its_handler_knows_breaks_no_document() -> None:
    class Row:
        id = 1

    async def show() -> Row:
        return Row()

    document = openapi([endpoint("/row", "GET", show, response_model=Row)])

    schema = document["paths"]["/row"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert schema == {"title": "Row"}


def test_below_a_root_path_the_document_says_where_it_is_served(endpoints: list[Endpoint]) -> None:
    document = openapi(endpoints, root="/api")

    validate(document)
    assert document["servers"] == [{"url": "/api"}]


def test_an_operation_costs_under_two_kilobytes_besides_its_types() -> None:
    async def show(id: int) -> int:
        return id

    one, many = (openapi([endpoint(f"/x{index}/{{id}}", "GET", show) for index in range(n)]) for n in (1, 101))

    assert len(msgspec.json.encode(many)) - len(msgspec.json.encode(one)) < 100 * 2_000


def test_the_same_routes_give_the_same_bytes(endpoints: list[Endpoint], tmp_path: Path) -> None:
    files = [tmp_path / "one.json", tmp_path / "two.json"]

    for file, order in zip(files, (endpoints, endpoints[::-1]), strict=True):
        command, parser = openapi_command(order), ArgumentParser()
        command.arguments(parser)
        assert command.run(parser.parse_args(["--output", str(file)])) == 0

    assert files[0].read_bytes() == files[1].read_bytes()
    openapi_spec_validator.validate(json.loads(files[0].read_bytes()))


def test_without_a_file_the_document_is_printed(endpoints: list[Endpoint], capsys: pytest.CaptureFixture[str]) -> None:
    command, parser = openapi_command(endpoints), ArgumentParser()
    command.arguments(parser)

    assert command.run(parser.parse_args([])) == 0

    assert json.loads(capsys.readouterr().out)["openapi"] == "3.1.0"
