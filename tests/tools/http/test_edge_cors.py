"""Which pages of other origins may read answers."""

import pytest
from msgspec import json

from tests.tools.http.edge_asked import Inner, asked
from tools.http.edge.layers import edge

APP = "https://app.example"
FOREIGN = [
    "null",
    "https://evil-app.example",
    "https://app.example.evil.example",
    "https://appxexample",
    "http://app.example",
    "https://app.example:8443",
    "https://APP.example.",
    "https://sub.app.example",
    "https://app.example, https://evil.example",
    "*",
    "",
]


def ask(origin: str, method: str = "PUT", headers: str = "authorization, x-tenant") -> dict[str, str]:
    return {
        "origin": origin,
        "access-control-request-method": method,
        "access-control-request-headers": headers,
    }


@pytest.mark.parametrize("origin", FOREIGN)
async def test_a_foreign_page_reads_nothing_and_may_ask_nothing(origin: str) -> None:
    async with asked(Inner(), cors_origins=APP, has_cors_credentials=True) as client:
        answer = await client.get("/", headers={"origin": origin})
        preflight = await client.options("/", headers=ask(origin))

    assert "access-control-allow-origin" not in answer.headers
    assert "access-control-allow-origin" not in preflight.headers
    assert "Origin" in answer.headers["vary"]
    assert (preflight.status_code, preflight.headers["content-type"]) == (403, "application/problem+json")
    assert preflight.json()["detail"] == "a page of this origin may not do this: disallowed cors origin"


async def test_a_preflight_of_a_named_origin_is_answered_in_front_of_the_app() -> None:
    inner = Inner()
    async with asked(inner, cors_origins=f"{APP}, http://localhost:3000") as client:
        answer = await client.options("/nothing", headers=ask(APP))

    assert (answer.status_code, answer.content, inner.scope) == (204, b"", {})
    assert answer.headers["access-control-allow-origin"] == APP
    assert "PUT" in answer.headers["access-control-allow-methods"]
    assert answer.headers["access-control-allow-headers"] == "authorization, x-tenant"
    assert "access-control-allow-credentials" not in answer.headers
    assert answer.headers["vary"].startswith("Origin")
    assert len(answer.headers["x-request-id"]) >= 32


async def test_a_preflight_for_a_method_that_none_has_is_refused() -> None:
    async with asked(Inner(), cors_origins=APP) as client:
        answer = await client.options("/", headers={**ask(APP, "TRACE"), "x-request-id": "mine"})

    assert answer.status_code == 403
    assert answer.json()["instance"] == "urn:request:mine"


async def test_an_options_that_is_no_preflight_reaches_the_app() -> None:
    inner = Inner()
    async with asked(inner, cors_origins=APP) as client:
        await client.options("/", headers={"origin": APP})

    assert inner.scope["method"] == "OPTIONS"


@pytest.mark.parametrize("status", [200, 404, 422, 500])
async def test_a_named_origin_reads_every_answer_errors_too(status: int) -> None:
    async with asked(Inner(status=status), cors_origins=APP, has_cors_credentials=True) as client:
        answer = await client.get("/", headers={"origin": APP})

    assert answer.headers["access-control-allow-origin"] == APP
    assert answer.headers["access-control-allow-credentials"] == "true"
    exposed = answer.headers["access-control-expose-headers"].split(", ")
    assert {"x-request-id", "etag", "ratelimit-remaining", "retry-after"} <= {*exposed}
    assert "Origin" in answer.headers["vary"]


async def test_a_cache_is_told_that_the_origin_counts_also_where_none_is_sent() -> None:
    inner = Inner(headers=[(b"vary", b"accept-encoding")])
    async with asked(inner, cors_origins=APP) as client:
        answer = await client.get("/")

    assert answer.headers["vary"] == "accept-encoding, Origin"


async def test_any_origin_reads_what_needs_no_cookie() -> None:
    async with asked(Inner(), cors_origins="*") as client:
        answer = await client.get("/", headers={"origin": "https://anyone.example", "cookie": "a=b"})
        preflight = await client.options("/", headers=ask("null"))

    assert (answer.headers["access-control-allow-origin"], preflight.status_code) == ("*", 204)
    assert "access-control-allow-credentials" not in answer.headers


async def test_headers_that_an_answer_shares_with_others_are_not_changed() -> None:
    inner = Inner()
    before = json.encode([str(one) for one in inner.headers])
    async with asked(inner, cors_origins=APP, has_compression=True) as client:
        await client.get("/", headers={"origin": APP})

    assert json.encode([str(one) for one in inner.headers]) == before


@pytest.mark.parametrize(
    "text",
    [
        "null",
        "app.example",
        "https://app.example/",
        "https://app.example:443",
        "http://app.example:80",
        "https://*.app.example",
        "https://app.example https://b.example",
        "https://app..example",
        "https://user@app.example",
        "https://app.example:0",
        "https://",
        ".*",
    ],
)
def test_a_setting_that_names_no_origin_stops_the_boot(text: str) -> None:
    with pytest.raises(ValueError, match="^HTTP_CORS_ORIGINS names '.*', which is no origin: write scheme and host as"):
        edge(Inner(), cors_origins=text)


@pytest.mark.parametrize(("text", "has_credentials"), [("*", True), (f"*, {APP}", False)])
def test_any_origin_is_neither_for_credentials_nor_for_a_list(text: str, has_credentials: bool) -> None:
    with pytest.raises(ValueError, match=r"^HTTP_CORS_ORIGINS is '\*.*', and `\*` is neither for credentials nor"):
        edge(Inner(), cors_origins=text, has_cors_credentials=has_credentials)
