"""Query parameters, headers and cookies, bound to a handler."""

from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from msgspec import Meta

from tests.contracts.http.models import Colour, Page
from tests.contracts.http_served import Served, typed
from tools.http.contract import Context, Cookie, Header, Query


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
