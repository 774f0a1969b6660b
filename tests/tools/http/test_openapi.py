"""The OpenAPI document and the page that shows it."""

import re
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

import pytest_asyncio
from msgspec import Meta, Struct, defstruct
from starlette.responses import PlainTextResponse

from tests.contracts.http_served import Served, hook, serve, typed
from tools.http.contract import Body, Context, Cookie, Header, Query

Same = defstruct("Same", [("left", int)], module="first.models")
OtherSame = defstruct("Same", [("right", str)], module="second.models")


class Problem(Struct):
    """A plugin's own Struct of the name that ours has."""

    topic: str


class Page(Struct):
    limit: Annotated[int, Meta(ge=1, le=100)] = 20
    after: int = 0


class Guard:
    scheme = "bearer"
    scopes = ("admin",)

    async def __call__(self, context: object) -> str:
        return "ana"


async def create(new: Problem, tenant: Annotated[str, Header("x-tenant")]) -> Problem:
    """Create a problem.

    Not in the summary.
    """
    return new


async def find(
    page: Annotated[Page, Query()], q: str = "all", theme: Annotated[str | None, Cookie("t")] = None
) -> None:
    pass


async def one(id: int) -> Problem:
    return Problem(str(id))


async def same(given: Any) -> Any:
    return given


@pytest_asyncio.fixture
async def http() -> AsyncIterator[Served]:
    served = await serve("tools.http", {})
    yield served
    await served.client.aclose()


async def document(http: Served) -> Any:
    answer = await http.get("/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    return answer.json()


def add_all(http: Served) -> None:
    http.add("/problems", "POST", create, status=201, guard=Guard(), errors={KeyError: (409, "it exists")}, tags=["P"])
    http.add("/problems", "GET", find)
    http.add("/problems/{id}", "GET", one)
    http.add("/problems/id", "GET", one_of_none)
    http.add("/same", "POST", typed(same, given=Annotated[Same, Body()], **{"return": OtherSame}))
    with hook("other.single"):
        http.http.add_endpoint("/single", "PUT", plain, public=True)


async def one_of_none() -> None:
    pass


async def plain(data: dict) -> PlainTextResponse:  # type: ignore[type-arg]  # as the article writes it
    return PlainTextResponse("")


def walk(node: Any) -> Iterator[tuple[str, Any]]:
    pairs = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in pairs:
        yield str(key), value
        yield from walk(value)


async def test_every_reference_resolves_and_every_operation_has_its_own_id(http: Served) -> None:
    add_all(http)

    made = await document(http)

    schemas = made["components"]["schemas"]
    prefix = "#/components/schemas/"
    references = [value.removeprefix(prefix) for key, value in walk(made) if key == "$ref" and value.startswith(prefix)]
    ids = [operation["operationId"] for path in made["paths"].values() for operation in path.values()]
    assert made["openapi"] == "3.1.0"
    assert references
    assert set(references) <= set(schemas)
    assert all(re.fullmatch(r"[a-zA-Z0-9._-]+", name) for name in schemas)
    assert len(set(ids)) == len(ids) == 6
    assert "other.single" in ids


async def test_two_structs_of_one_name_are_two_schemas(http: Served) -> None:
    add_all(http)

    operation = (await document(http))["paths"]["/same"]["post"]

    body = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    answer = operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"]
    assert body.replace("_", ".").endswith("/first.models.Same")
    assert answer.replace("_", ".").endswith("/second.models.Same")


async def test_an_operation_says_what_it_takes_and_answers(http: Served) -> None:
    add_all(http)

    made = await document(http)

    operation = made["paths"]["/problems"]["post"]
    assert operation["summary"] == "Create a problem."
    assert operation["tags"] == ["P"]
    assert operation["security"] == [{"bearer": ["admin"]}]
    assert made["components"]["securitySchemes"] == {"bearer": {"type": "http", "scheme": "bearer"}}
    assert operation["requestBody"]["required"] is True
    assert operation["parameters"] == [
        {"name": "x-tenant", "in": "header", "required": True, "schema": {"type": "string"}}
    ]
    assert operation["responses"]["201"]["description"] == "Created"
    assert operation["description"] == "Not in the summary."
    assert operation["responses"]["409"] == {"$ref": "#/components/responses/Problem409"}
    assert made["components"]["responses"]["Problem409"]["description"] == "it exists"


async def test_every_problem_has_the_problem_schema_beside_a_struct_of_that_name(http: Served) -> None:
    add_all(http)

    made = await document(http)

    schemas, shared = made["components"]["schemas"], made["components"]["responses"]
    for operation in (operation for path in made["paths"].values() for operation in path.values()):
        problems = {status: one for status, one in operation["responses"].items() if status[0] in "45d"}
        assert problems.keys() >= {"400", "414", "431", "500", "503", "504", "default"}
        for one in problems.values():
            one = shared[one["$ref"].rpartition("/")[2]] if "$ref" in one else one
            media = one["content"]["application/problem+json"]
            assert media["schema"] == {"$ref": "#/components/schemas/HttpProblem"}
            assert one["headers"]["x-request-id"] == {"$ref": "#/components/headers/RequestId"}
    assert set(schemas["HttpProblem"]["properties"]) == {"type", "title", "status", "detail", "instance", "errors"}
    assert set(schemas["Problem"]["properties"]) == {"topic"}


async def test_each_field_of_a_querys_struct_is_a_parameter_with_its_bounds_and_default(http: Served) -> None:
    add_all(http)

    parameters = (await document(http))["paths"]["/problems"]["get"]["parameters"]

    named = {one["name"]: one for one in parameters}
    assert list(named) == ["limit", "after", "q", "t"]
    assert named["limit"] == {
        "name": "limit",
        "in": "query",
        "required": False,
        "schema": {"type": "integer", "minimum": 1, "maximum": 100, "default": 20},
    }
    assert named["q"]["schema"] == {"type": "string", "default": "all"}
    assert named["t"]["in"] == "cookie"


async def test_a_placeholder_is_a_required_parameter_of_its_type(http: Served) -> None:
    add_all(http)

    made = await document(http)

    (parameter,) = made["paths"]["/problems/{id}"]["get"]["parameters"]
    assert (parameter["in"], parameter["required"], parameter["schema"]["type"]) == ("path", True, "integer")
    assert "content" not in made["paths"]["/problems/id"]["get"]["responses"]["204"]


async def test_a_422_is_declared_where_a_parameter_or_a_body_can_be_refused(http: Served) -> None:
    async def with_context(id: int, context: Context) -> None:
        pass

    async def with_header(day: Annotated[int, Header("x-day")] = 0) -> None:
        pass

    add_all(http)
    http.add("/context/{id}", "GET", with_context)
    http.add("/header", "GET", with_header)

    made = await document(http)

    operations = [operation for path in made["paths"].values() for operation in path.values()]
    declaring = {one["operationId"].rpartition(".get.")[2] for one in operations if "422" in one["responses"]}
    assert declaring == {"header", "problems", "made.feature.post.problems", "made.feature.post.same", "other.single"}


async def test_the_document_follows_what_is_registered(http: Served) -> None:
    undo = http.add("/x", "GET", one_of_none)

    before = await document(http)
    undo.close()
    after = await document(http)

    assert (list(before["paths"]), list(after["paths"])) == (["/x"], [])


async def test_a_fact_says_of_an_endpoint_what_a_neighbour_needs(http: Served) -> None:
    add_all(http)
    with hook():
        http.http.mount("/admin", PlainTextResponse("x"))

    facts = await http.work.describe()

    fact = next(one for one in facts if one.name == "POST /problems")
    assert (fact.kind, fact.owner) == ("endpoint", "made.feature")
    assert fact.data["guard"] == "bearer:admin"
    assert fact.data["parameters"] == [{"name": "x-tenant", "in": "header", "type": "str", "required": True}]
    assert (fact.data["body"], fact.data["body_fields"]) == ("Problem", {"topic": "str"})
    assert fact.data["errors"][409] == "it exists"
    assert [(one.name, one.owner) for one in facts if one.kind == "mount"] == [("/admin", "made.feature")]
    assert next(one for one in facts if one.name == "GET /problems/{id}").data["parameters"][0]["type"] == "int"


async def test_a_fact_says_of_a_status_all_that_it_may_mean(http: Served) -> None:
    async def create(new: Problem) -> None: ...

    http.add("/x", "POST", create, guard=Guard(), errors={KeyError: (422, "no such topic"), OSError: (403, "closed")})

    (fact,) = [one for one in await http.work.describe() if one.kind == "endpoint"]

    assert fact.data["errors"][422] == "no such topic; or the body or a parameter is not valid"
    assert fact.data["errors"][403] == "closed; or the caller may not do this"
