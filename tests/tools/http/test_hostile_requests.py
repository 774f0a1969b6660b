"""Whatever a client sends, the answer is deliberate, and soon."""

import random
import resource
import time
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any
from uuid import UUID

import pytest
import pytest_asyncio
from msgspec import Meta, Struct, json

from tests.contracts.http_served import Served, serve
from tools.http.contract import Body, Context, Cookie, Header, Query

REQUESTS = 20_000
Pairs = list[tuple[bytes, bytes]]


class NewUser(Struct, forbid_unknown_fields=True):
    name: Annotated[str, Meta(min_length=1, max_length=100, pattern="^[a-z]+$")]
    age: Annotated[int, Meta(ge=0)] | None = None
    tags: list[str] = []
    inner: "NewUser | None" = None


class Page(Struct):
    limit: int = 20
    tags: list[str] = []


async def create(new: NewUser) -> NewUser:
    return new


async def echo(data: dict, context: Context) -> dict:  # type: ignore[type-arg]  # as the article writes it
    context.set_header("x-keys", str(len(data)))
    return data


async def anything(given: Annotated[Any, Body()]) -> Any:
    return given


async def one(id: int, q: str = "", page: Annotated[Page, Query()] = Page()) -> list[Any]:  # noqa: B008 (never changed)
    return [id, q, page]


async def by_uuid(id: UUID, day: Annotated[int | None, Header("x-day")] = None) -> str:
    return f"{id} {day}"


async def rest(path: str, context: Context, theme: Annotated[str | None, Cookie("theme")] = None) -> list[Any]:
    return [path, theme, dict(context.query), dict(context.headers), context.cookies]


@pytest_asyncio.fixture
async def http() -> AsyncIterator[Served]:
    served = await serve("tools.http", {})
    routes: list[tuple[str, str, Callable[..., Any]]] = [
        ("/users", "POST", create),
        ("/echo", "POST", echo),
        ("/anything", "PUT", anything),
        ("/items/{id}", "GET", one),
        ("/uuid/{id}", "DELETE", by_uuid),
        ("/rest/{path:path}", "GET", rest),
    ]
    for path, method, handler in routes:
        served.add(path, method, handler)
    yield served
    await served.client.aclose()


def nested(depth: int) -> bytes:
    return b'{"inner":' * depth + b"{}" + b"}" * depth


NUMBERS = [b"NaN", b"Infinity", b"-Infinity", b"1e400", b"-0", b"1E+2", b"01", b"0x1"]
TEXTS = [b"\\ud800", b"\xff\xfe", b"\\u0000", b"\xed\xa0\x80", b"\xc0\xaf", b"\x00"]
BODIES: list[Callable[[random.Random], bytes]] = [
    lambda dice: dice.randbytes(dice.randrange(200)),
    lambda dice: b"[" * dice.randrange(1_000, 100_000),
    lambda dice: nested(dice.randrange(1, 2_000)),
    lambda dice: b'{"name": ' + b"9" * dice.randrange(1, 6_000) + b"}",
    lambda dice: b'{"name": "a", "age": %d}' % dice.choice([2**63, -(2**63) - 1, 2**64, 10**400, 0, 151]),
    lambda dice: b'{"name": %b}' % dice.choice(NUMBERS),
    lambda dice: b'{"name": "%b"}' % dice.choice(TEXTS),
    lambda dice: json.encode({"name": "a" * dice.randrange(200), "tags": [""] * dice.randrange(50)}),
    lambda dice: json.encode({str(index): index for index in range(dice.randrange(2_000))}),
    lambda dice: b"\xef\xbb\xbf{}",
    lambda dice: '{"name": "a"}'.encode(dice.choice(["utf-16", "utf-32", "utf-7"])),
    lambda dice: b'{"name": "a", "name": "b"}' + dice.choice([b"", b" ", b"x", b"{}"]),
    lambda dice: b"",
    lambda dice: b'"' + b"a" * dice.randrange(2_000_000) + b'"' if dice.random() < 0.02 else b'""',
]
TYPES = [b"application/json"] * 12 + [
    *(b"", b"text/plain", b"application/json; charset=utf-16", b"application/json;charset=", b"multipart/form-data"),
    *(
        b"\xff\xfe",
        b"application/json; charset=idna",
        b"application/problem+json",
        b"application/x-www-form-urlencoded",
    ),
]
NAMES = [b"x-day", b"cookie", b"x-request-id", b"accept", b"content-encoding", b"x_forwarded_for", b"authorization"]
VALUES = [b"\xe9\xff", b"1", b"", b"a=b; theme=\xff", b"theme", b"=;=;,", b"a" * 5_000, b"\t", b"gzip", b"2" * 40, b'"']
METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "get", "", "\xe9"]
WORDS = ["users", "echo", "anything", "items", "uuid", "rest", "1", "", ".", "..", "%2f", "{id}"]
ODD_WORDS = ["\0", "a\nb", "\udcff", "\ufffd", "\U0001f600", "\u0661"]
QUERIES = [b"q=%ff", b"q", b"=", b"&&&", b"limit=x", b"limit=" + b"9" * 30, b"tags=a&tags=b", b"q=\xff\xfe", b"%zz=%"]
DELIBERATE = {200, 204, 400, 404, 405, 408, 413, 414, 415, 422, 431}


def hostile(dice: random.Random) -> tuple[dict[str, Any], bytes]:
    """Make a request that no good client sends."""
    method, path = dice.choice([("POST", "/users"), ("POST", "/echo"), ("PUT", "/anything"), ("GET", "/items/")])
    if dice.random() < 0.5:
        path = "/" + "/".join(dice.choices(WORDS + ODD_WORDS, k=dice.randrange(1, 5)))
    if dice.random() < 0.2:
        path += str(dice.choice([2**63, -1, "1e3", "\u0661", " 1", "x" * dice.choice([5, 9_000])]))
    if dice.random() < 0.2:
        method = dice.choice(METHODS)
    headers: Pairs = [(b"host", b"localhost"), (b"content-type", dice.choice(TYPES))]
    headers += [(dice.choice(NAMES), dice.choice(VALUES)) for _ in range(dice.randrange(4))]
    if dice.random() < 0.05:
        headers += [(dice.choice([b"host", b"content-length", b"content-type"]), dice.choice(VALUES))] * dice.randrange(
            3
        )
    if dice.random() < 0.01:
        headers += [(b"x-%d" % index, b"x" * 400) for index in range(dice.randrange(150))]
    query = b"&".join(dice.choices(QUERIES, k=dice.randrange(4)))
    return {"method": method, "path": path, "query_string": query, "headers": headers}, dice.choice(BODIES)(dice)


async def answer(http: Served, request: dict[str, Any], chunks: list[bytes]) -> tuple[int, float]:
    """Send a request as a server would, and tell the status and the seconds that it took."""
    arriving = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    arriving[-1]["more_body"] = False
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return arriving.pop(0) if arriving else {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "http_version": "1.1", "scheme": "http", "client": None, **request}
    started = time.perf_counter()
    await http.app(scope, receive, send)
    assert [one["type"] for one in sent] == ["http.response.start", "http.response.body"]
    for name, value in sent[0]["headers"]:
        assert not {b"\r", b"\n", b"\0"} & {value[index : index + 1] for index in range(len(value))}, name
    return sent[0]["status"], time.perf_counter() - started


@pytest.mark.parametrize("seed", range(4))
async def test_no_request_causes_an_error_that_is_not_deliberate(
    http: Served, seed: int, caplog: pytest.LogCaptureFixture
) -> None:
    dice, seen, slowest_s = random.Random(seed), set[int](), 0.0

    for _ in range(REQUESTS // 4):
        request, body = hostile(dice)
        half = dice.randrange(len(body) + 1)
        status, took_s = await answer(http, request, [body[:half], body[half:]])
        assert status in DELIBERATE, (status, request, body[:100])
        seen.add(status)
        slowest_s = max(slowest_s, took_s)

    assert {200, 400, 404, 405, 413, 414, 415, 422, 431} <= seen
    assert slowest_s < 1
    assert caplog.text == ""


BOMBS = {
    "1,000 deep": b"[" * 1_000 + b"]" * 1_000,
    "100,000 deep": b"[" * 100_000 + b"]" * 100_000,
    "500,000 open": b"[" * 500_000,
    "a megabyte of objects": b"[" + b",".join([b"{}"] * 349_000) + b"]",
    "100,000 keys": b"{" + b",".join(b'"%d":1' % index for index in range(80_000)) + b"}",
    "a million digits": b"9" * 1_000_000,
    "as many digits as are taken": b"[" + b",".join([b"9" * 4_300] * 200) + b"]",
    "a long exponent": b"1e999999999",
    "a long text": b'"' + b"a" * 1_000_000 + b'"',
    "escapes": b'"' + b"\\u0041" * 170_000 + b'"',
}


@pytest.mark.parametrize("name", BOMBS)
@pytest.mark.parametrize("path", ["/users", "/echo"])
async def test_a_json_bomb_is_answered_at_once(http: Served, name: str, path: str) -> None:
    request = {"method": "POST", "path": path, "query_string": b""}
    headers = [(b"host", b"localhost"), (b"content-type", b"application/json")]

    status, took_s = await answer(http, {**request, "headers": headers}, [BOMBS[name]])

    assert status in (200, 400, 413, 422)
    assert took_s < 0.5  # 0.1 on an idle machine


async def test_an_endless_body_is_not_kept(http: Served) -> None:
    request = {"method": "PUT", "path": "/anything", "query_string": b""}
    headers = [(b"host", b"localhost"), (b"content-type", b"application/json")]
    chunk, before_kib = b"[" * 65_536, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    status, _ = await answer(http, {**request, "headers": headers}, [chunk] * 2_000)

    assert status == 413
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib < 20_000


@pytest.mark.parametrize("text", ["a\r\nb", "\n", "\0", "\u20ac", "\ud800", "\x1b[31m", "a" * 100_000])
@pytest.mark.parametrize("setter", ["header", "name", "cookie", "cookie name", "path"])
async def test_no_text_splits_an_answer(http: Served, setter: str, text: str) -> None:
    async def show(context: Context) -> str:
        try:
            if setter == "header":
                context.set_header("x-a", text)
            elif setter == "name":
                context.set_header(text, "a")
            elif setter == "cookie":
                context.set_cookie("a", text)
            else:
                context.set_cookie(
                    text if setter == "cookie name" else "a", "b", path=text if setter == "path" else "/"
                )
        except ValueError as error:
            return "refused" if str(error).startswith("context.set_") else "otherwise"
        return "set"

    http.add("/show", "GET", show)

    status, headers, body = await http.raw("GET", "/show")

    assert (status, body in (b'"set"', b'"refused"')) == (200, True)
    assert not {"\r", "\n", "\0"} & set("".join(headers.values()))
