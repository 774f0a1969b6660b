"""What settings put around every route: trusted proxies, pages of other origins, forgery, compression."""

import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from msgspec import Struct
from starlette.responses import PlainTextResponse

from tests.contracts.http_served import Served, hook, serve
from tools.http.contract import Context

APP, EVIL = "https://app.example", "https://evil.example"
Boot = Any
FORWARDED = {
    "x-forwarded-for": "6.6.6.6, 198.51.100.4",
    "x-forwarded-proto": "https",
    "x-forwarded-host": "shop.example",
    "x-forwarded-prefix": "/shop",
}


@pytest_asyncio.fixture(params=["tools.http"])
async def boot(request: pytest.FixtureRequest) -> AsyncIterator[Boot]:
    served: list[Served] = []

    async def booted(**environ: str) -> Served:
        served.append(await serve(request.param, environ))
        return served[-1]

    yield booted
    for one in served:
        await one.client.aclose()


class New(Struct):
    name: str


async def create(new: New) -> str:
    return new.name


async def who(context: Context) -> list[str]:
    return [context.client_ip, str(context.request.url)]


async def fail() -> None:
    raise ValueError("a secret")


# ---------------------------------------------------------------- proxies


STANDARD = {
    "forwarded": "for=6.6.6.6, for=198.51.100.4;proto=https;host=shop.example",
    "x-forwarded-prefix": "/shop",
}


@pytest.mark.parametrize("headers", [FORWARDED, STANDARD, {**FORWARDED, "forwarded": "for=6.6.6.6"}])
async def test_a_trusted_proxy_says_who_asks(boot: Boot, headers: dict[str, str]) -> None:
    http = await boot(HTTP_TRUSTED_PROXIES="127.0.0.0/8", HTTP_HOSTS="shop.example")
    http.add("/who", "GET", who)

    answer = await http.get("/who", headers=headers)

    assert answer.json() == ["198.51.100.4", "https://shop.example/shop/who"]
    assert "strict-transport-security" in answer.headers


@pytest.mark.parametrize("settings", [{}, {"HTTP_TRUSTED_PROXIES": "10.0.0.0/8"}], ids=["none", "another"])
async def test_without_a_trusted_proxy_nobody_is_believed(boot: Boot, settings: dict[str, str]) -> None:
    http = await boot(**settings)
    http.add("/who", "GET", who)

    answer = await http.get("/who", headers={**FORWARDED, "x_forwarded_for": "6.6.6.6", "x-real-ip": "6.6.6.6"})

    assert answer.json() == ["127.0.0.1", "http://localhost/who"]


@pytest.mark.parametrize("name", ["x_forwarded_for", "x_forwarded-for", "x-forwarded_for"])
async def test_a_header_that_a_proxy_does_not_know_for_the_same_is_ignored(boot: Boot, name: str) -> None:
    http = await boot(HTTP_TRUSTED_PROXIES="127.0.0.1")
    http.add("/who", "GET", who)

    answer = await http.get("/who", headers={name: "6.6.6.6", "x-forwarded-for": "198.51.100.4"})

    assert answer.json()[0] == "198.51.100.4"


async def test_a_forwarded_host_is_checked_like_any(boot: Boot) -> None:
    http = await boot(HTTP_TRUSTED_PROXIES="127.0.0.1")
    http.add("/who", "GET", who)

    assert (await http.get("/who", headers={"x-forwarded-host": "evil.example"})).status_code == 400


# ---------------------------------------------------------------- pages of other origins


async def test_pages_of_named_origins_read_errors_too(boot: Boot, caplog: pytest.LogCaptureFixture) -> None:
    http = await boot(HTTP_CORS_ORIGINS=APP, HTTP_CORS_CREDENTIALS="on")
    http.add("/users", "POST", create)
    http.add("/fail", "GET", fail)
    page = {"origin": APP}

    with caplog.at_level(logging.CRITICAL):
        answers = [await http.get("/missing", headers=page), await http.get("/fail", headers=page)]
    answers += [await http.get("/users", headers=page), await http.post("/users", json={}, headers=page)]
    answers += [await http.post("/users", content="{", headers={**page, "content-type": "application/json"})]

    assert [one.status_code for one in answers] == [404, 500, 405, 422, 400]
    assert {one.headers["access-control-allow-origin"] for one in answers} == {APP}
    assert all("Origin" in one.headers["vary"] and "x-request-id" in one.headers for one in answers)


async def test_a_preflight_is_answered_whatever_the_route(boot: Boot) -> None:
    http = await boot(HTTP_CORS_ORIGINS=APP)
    asks = {"access-control-request-method": "PUT", "access-control-request-headers": "authorization"}

    allowed = await http.client.options("/missing", headers={**asks, "origin": APP})
    refused = await http.client.options("/missing", headers={**asks, "origin": "null"})

    assert (allowed.status_code, allowed.headers["access-control-allow-origin"]) == (204, APP)
    assert (refused.status_code, refused.headers["content-type"]) == (403, "application/problem+json")


@pytest.mark.parametrize("settings", [{}, {"HTTP_CORS_ORIGINS": APP}], ids=["none", "another"])
async def test_no_other_page_is_told_anything(boot: Boot, settings: dict[str, str]) -> None:
    http = await boot(**settings)
    http.add("/who", "GET", who)

    for origin in (EVIL, "null", "https://evil-app.example", f"{APP}.evil.example"):
        answers = [await http.get("/who", headers={"origin": origin})]
        answers += [
            await http.client.options("/who", headers={"origin": origin, "access-control-request-method": "GET"})
        ]
        assert not any("access-control-allow-origin" in one.headers for one in answers)


@pytest.mark.parametrize(
    "settings",
    [
        {"HTTP_CORS_ORIGINS": "*", "HTTP_CORS_CREDENTIALS": "on"},
        {"HTTP_CORS_ORIGINS": "null"},
        {"HTTP_TRUSTED_PROXIES": "*"},
    ],
)
async def test_a_setting_that_would_open_all_stops_the_boot(boot: Boot, settings: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="^(HTTP_CORS_ORIGINS|HTTP_TRUSTED_PROXIES) "):
        await boot(**settings)


# ---------------------------------------------------------------- forgery


async def post(http: Served, path: str = "/users", **headers: str) -> int:
    named = {"cookie": "session=1", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return (await http.post(path, json={"name": "x"}, headers=named)).status_code


async def test_another_sites_page_writes_nothing_with_the_users_cookies(boot: Boot) -> None:
    http = await boot(HTTP_CORS_ORIGINS=APP, HTTP_CORS_CREDENTIALS="on")
    http.add("/users", "POST", create)
    with hook():
        http.http.mount("/old", PlainTextResponse("reached"))

    foreign = [
        await post(http, sec_fetch_site="cross-site"),
        await post(http, sec_fetch_site="same-site", origin="https://other.app.example"),
        await post(http, origin=EVIL),
        await post(http, origin="null"),
        await post(http, "/old/x", origin=EVIL),
        await post(http, sec_fetch_site="cross-site", authorization="Basic eDp5"),
    ]
    own = [
        await post(http),
        await post(http, sec_fetch_site="same-origin", origin="http://localhost"),
        await post(http, sec_fetch_site="none"),
        await post(http, origin="http://localhost"),
        await post(http, sec_fetch_site="cross-site", origin=APP),
        await post(http, sec_fetch_site="cross-site", authorization="Bearer x"),
    ]

    assert (foreign, own) == ([403] * 6, [200] * 6)


async def test_another_sites_page_may_link_to_ours(boot: Boot) -> None:
    http = await boot()
    http.add("/who", "GET", who)

    answer = await http.get("/who", headers={"cookie": "session=1", "sec-fetch-site": "cross-site"})

    assert answer.status_code == 200


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b", ""]
)
async def test_what_a_page_may_send_unasked_is_no_json(boot: Boot, kind: str) -> None:
    http = await boot()
    http.add("/users", "POST", create)

    answer = await http.post("/users", content='{"name":"x"}', headers={"content-type": kind})

    assert answer.status_code == 415


# ---------------------------------------------------------------- compression


async def test_answers_are_compressed_where_that_is_asked_for(boot: Boot) -> None:
    plain, compressed = await boot(), await boot(HTTP_COMPRESSION="on")
    answers = []
    for http in (plain, compressed):
        http.add("/long", "GET", lambda: "much of the same " * 200)
        answers.append(await http.get("/long", headers={"accept-encoding": "gzip"}))

    assert answers[0].content == answers[1].content
    assert [one.headers.get("content-encoding") for one in answers] == [None, "gzip"]
    assert answers[1].headers["vary"] == "Accept-Encoding"
    assert answers[1].headers["x-content-type-options"] == "nosniff"


async def test_all_of_it_together(boot: Boot) -> None:
    http = await boot(HTTP_COMPRESSION="on", HTTP_CORS_ORIGINS=APP, HTTP_TRUSTED_PROXIES="127.0.0.1")
    http.add("/long", "GET", lambda: "much of the same " * 200)

    answer = await http.get("/long", headers={"accept-encoding": "br", "origin": APP, "x-forwarded-for": "1.2.3.4"})

    assert answer.headers["content-encoding"] == "br"
    assert answer.headers["access-control-allow-origin"] == APP
    assert {one.strip() for one in answer.headers["vary"].split(",")} == {"Accept-Encoding", "Origin"}
