"""One spelling of a path is one route; every other is another, or none, and nobody is sent anywhere."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from msgspec import json

from hookspecs import Refusal
from tests.contracts.http_served import Served, hook, serve
from tools.http.contract import Context


class Closed:
    scheme = "bearer"

    async def __call__(self, context: Context) -> str:
        raise Refusal(401, "the token is missing or not valid")


async def secret() -> str:
    return "secret"


async def name(name: str) -> str:
    return name


async def below(path: str) -> str:
    return path


@pytest.fixture
async def http() -> AsyncIterator[Served]:
    served = await serve("tools.http", {})
    served.add("/admin/secret", "GET", secret, guard=Closed())
    served.add("/users/{name}", "GET", name)
    served.add("/files/{path:path}", "GET", below)
    yield served
    await served.client.aclose()


async def ask(http: Served, path: str, **scope: Any) -> tuple[int, Any]:
    status, headers, body = await http.raw("GET", path, **scope)
    assert "location" not in headers
    assert not 300 <= status < 400
    return status, json.decode(body)


# as servers hand them over: percent-encoded once decoded, or not at all
NOT_THE_SECRET = {
    "two slashes first": "//admin/secret",
    "two slashes inside": "/admin//secret",
    "a slash at the end": "/admin/secret/",
    "capitals": "/Admin/secret",
    "all capitals": "/ADMIN/SECRET",
    "a parameter": "/admin/secret;x=1",
    "a parameter first": "/admin;x/secret",
    "a dot": "/admin/./secret",
    "up and down": "/admin/../admin/secret",
    "up from elsewhere": "/users/../admin/secret",
    "encoded slash": "/admin%2fsecret",
    "encoded letter": "/admin/%73ecret",
    "encoded twice": "/admin/%2573ecret",
    "a null byte": "/admin/secret\0",
    "an encoded null byte": "/admin/secret%00",
    "a null byte and more": "/admin/secret\0.css",
    "a line": "/admin/secret\n",
    "a space": "/admin/secret ",
    "a tab": "/admin/secret\t",
    "a backslash": "/admin\\secret",
    "a fullwidth letter": "/admin/\uff53ecret",
    "a dotless i": "/adm\u0131n/secret",
    "a soft hyphen": "/admin/se\u00adcret",
    "a lone surrogate": "/admin/secret\udcff",
    "no slash": "admin/secret",
    "absolute": "http://localhost/admin/secret",
    "absolute, of another": "http://evil.example/admin/secret",
    "another's authority": "//evil.example/admin/secret",
    "a star": "*",
    "nothing": "",
}


@pytest.mark.parametrize("spelling", NOT_THE_SECRET)
async def test_another_spelling_is_another_path(http: Served, spelling: str) -> None:
    path = NOT_THE_SECRET[spelling]

    status, answer = await ask(http, path)

    assert (status, answer["title"]) == (404, "Not Found")


async def test_the_one_spelling_is_guarded_whatever_comes_with_it(http: Served) -> None:
    hints = [(b"x-original-url", b"/users/a"), (b"x-rewrite-url", b"/users/a"), (b"x-http-method-override", b"POST")]

    plain = await ask(http, "/admin/secret")
    queried = await ask(http, "/admin/secret?/../users/a")
    hinted = await ask(http, "/admin/secret", headers=hints)

    assert [plain[0], queried[0], hinted[0]] == [401, 401, 401]


async def test_no_header_names_another_path(http: Served) -> None:
    hints = [(b"x-original-url", b"/admin/secret"), (b"x-rewrite-url", b"/admin/secret"), (b"x-forwarded-path", b"/x")]

    assert await ask(http, "/users/a", headers=hints) == (200, "a")


@pytest.mark.parametrize("text", ["a;b", "A", "%2f", "a.css", "..", ".", " ", "\u00e9", "\u202e", "{name}", "evil.com"])
async def test_a_placeholder_takes_its_segment_as_it_is(http: Served, text: str) -> None:
    assert await ask(http, f"/users/{text}") == (200, text)


@pytest.mark.parametrize(
    "path", ["/users/", "/users", "/users//", "/users/a/", "/users/a/b", "//users/a", "/users/a\0"]
)
async def test_a_placeholder_is_one_segment_and_never_empty(http: Served, path: str) -> None:
    assert (await ask(http, path))[0] == 404


@pytest.mark.parametrize("target", ["*", "a", "users/a", "x/users/a", "localhost/users/a", "x/files/a"])
async def test_a_target_that_is_no_path_leads_nowhere(http: Served, target: str) -> None:
    http.add("/{name}", "GET", name)
    assert await ask(http, "/a") == (200, "a")  # from here on its headers are known

    assert (await ask(http, target))[0] == 404


async def test_the_path_that_decides_is_the_decoded_one_alone(http: Served) -> None:
    status, _ = await ask(http, "/admin/secret", raw_path=b"/users/a")
    other, answer = await ask(http, "/users/a", raw_path=b"/admin/secret")

    assert (status, other, answer) == (401, 200, "a")


@pytest.mark.parametrize("size", [8_193, 100_000, 1_048_576])
@pytest.mark.parametrize("place", ["path", "query"])
async def test_a_long_url_is_refused_before_it_is_looked_at(http: Served, size: int, place: str) -> None:
    path = "/files/" + "a/" * (size // 2) if place == "path" else f"/files/a?{'a' * size}"

    status, answer = await ask(http, path)

    assert (status, answer["detail"]) == (414, "the URL is larger than 8192 bytes")


async def test_a_deep_path_is_a_path(http: Served) -> None:
    deep = "/".join(["a"] * 2_000)

    assert await ask(http, f"/files/{deep}") == (200, deep)
    assert (await ask(http, f"/users/{deep}"))[0] == 404


async def test_what_is_mounted_is_not_reached_by_another_spelling(http: Served) -> None:
    seen: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["path"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b'"mounted"'})

    with hook():
        http.http.mount("/inner", app)

    missed = [
        await ask(http, path) for path in ("//inner/x", "/INNER/x", "/inner;x", "/innerx", "/./inner/x", "/in%6eer/")
    ]

    assert {status for status, _ in missed} == {404}
    assert seen == []
    assert await ask(http, "/inner/x") == (200, "mounted")


async def test_below_a_root_path_the_guard_and_the_route_see_the_same(http: Served) -> None:
    statuses = [
        (await ask(http, f"{at}/admin/secret", root_path="/api"))[0] for at in ("/api", "/api/", "/API", "/apix")
    ]

    assert statuses == [401, 404, 404, 404]
