"""Bodies that are larger inside than outside, bodies without an end, and texts that would split an answer in two."""

import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import pytest
import pytest_asyncio
from msgspec import Struct, json
from starlette.responses import PlainTextResponse, RedirectResponse, Response, StreamingResponse

from tests.contracts.http_served import Served, serve
from tools.http.contract import Body, Context

MB = 1_048_576
CHUNK = 65_536
HEADERS = [(b"content-type", b"application/json")]


class Node(Struct, forbid_unknown_fields=True):
    name: str = ""
    tags: list[str] = []
    inner: "Node | None" = None


async def create(new: Node) -> Node:
    return new


async def echo(data: dict, context: Context) -> dict:  # type: ignore[type-arg]  # as the article writes it
    context.set_header("x-keys", str(len(data)))
    return data


async def anything(given: Annotated[Any, Body()]) -> int:
    return len(given) if isinstance(given, list | dict | str) else 1


@pytest_asyncio.fixture
async def http() -> AsyncIterator[Served]:
    served = await serve("tools.http", {})
    served.add("/nodes", "POST", create)
    served.add("/echo", "POST", echo)
    served.add("/anything", "POST", anything)
    served.add("/large", "POST", anything, max_body_bytes=32 * MB)
    yield served
    await served.client.aclose()


def peak_kib(*, anew: bool = False) -> int:
    """Tell the most memory that this process has had, since it was last asked to begin anew."""
    if anew:
        Path("/proc/self/clear_refs").write_text("5")
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1])


async def send_body(http: Served, path: str, body: bytes) -> tuple[int, bytes]:
    """Send a body as it arrives, a piece at a time; what is not taken is not even made into messages."""
    messages = [
        {"type": "http.request", "body": body[at : at + CHUNK], "more_body": at + CHUNK < len(body)}
        for at in range(0, len(body) or 1, CHUNK)
    ]
    status, headers, answer = await http.raw("POST", path, *messages, headers=HEADERS)
    if status >= 400:
        assert headers["content-type"] == "application/problem+json"
        assert json.decode(answer)["status"] == status
    return status, answer


BOMBS: dict[str, Callable[[], bytes]] = {
    "1,000 deep": lambda: b"[" * 1_000 + b"]" * 1_000,
    "100,000 deep": lambda: b"[" * 100_000 + b"]" * 100_000,
    "500,000 open": lambda: b"[" * 500_000,
    "objects 100,000 deep": lambda: b'{"inner":' * 100_000 + b"{}" + b"}" * 100_000,
    "5 million deep": lambda: b"[" * 5_000_000 + b"]" * 5_000_000,
    "350,000 empties": lambda: b"[" + b",".join([b"{}"] * 349_000) + b"]",
    "3.5 million empties": lambda: b"[" + b",".join([b"{}"] * 3_500_000) + b"]",
    "80,000 keys": lambda: b"{" + b",".join(b'"%d":1' % index for index in range(80_000)) + b"}",
    "a million keys": lambda: b"{" + b",".join(b'"%d":1' % index for index in range(1_000_000)) + b"}",
    "a million digits": lambda: b"9" * 1_000_000,
    "as many digits as are taken": lambda: b"[" + b",".join([b"9" * 4_300] * 200) + b"]",
    "a long exponent": lambda: b"1e999999999",
    "a long fraction": lambda: b"0." + b"1" * 1_000_000,
    "a long text": lambda: b'"' + b"a" * 1_000_000 + b'"',
    "escapes": lambda: b'"' + b"\\u0041" * 170_000 + b'"',
    "spaces": lambda: b" " * 1_000_000 + b"1",
}


@pytest.fixture(params=BOMBS, scope="module")
def bomb(request: pytest.FixtureRequest) -> bytes:
    return BOMBS[request.param]()


@pytest.mark.parametrize("path", ["/nodes", "/echo", "/anything"])
async def test_a_json_bomb_is_answered_in_little_time_and_memory(http: Served, bomb: bytes, path: str) -> None:
    before, started = peak_kib(anew=True), time.thread_time()

    status, _ = await send_body(http, path, bomb)

    assert time.thread_time() - started < 1
    assert status == 413 if len(bomb) > MB else status in (200, 400, 422)
    assert peak_kib() - before < 60_000  # an empty object of three bytes takes 64 in Python


async def test_a_route_that_takes_more_takes_no_more_than_in_proportion(http: Served, bomb: bytes) -> None:
    before = peak_kib(anew=True)

    status, _ = await send_body(http, "/large", bomb)

    assert status in (200, 400, 422)
    assert peak_kib() - before < 40 * len(bomb) // 1_024 + 20_000


async def test_an_endless_body_is_not_kept(http: Served) -> None:
    message, before = {"type": "http.request", "body": b"[" * CHUNK, "more_body": True}, peak_kib(anew=True)

    status, headers, _ = await http.raw("POST", "/anything", *[message] * 2_000, headers=HEADERS)

    assert (status, headers["content-type"]) == (413, "application/problem+json")
    assert peak_kib() - before < 20_000


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


BAD_TEXTS = ["a\r\nset-cookie: b=c", "a\nb", "a\rb", "\0", "\u20ac", "\ud800", "a\x7f"]


def with_header(text: str) -> Response:
    return PlainTextResponse("x", headers={"x-a": text})


def with_late_header(text: str) -> Response:
    response = PlainTextResponse("x")
    response.headers["x-a"] = text
    return response


def with_name(text: str) -> Response:
    return PlainTextResponse("x", headers={f"x-{text}": "a"})


def with_raw_header(text: str) -> Response:
    response = PlainTextResponse("x")
    response.raw_headers.append((b"x-a", text.encode("utf-8", "surrogatepass")))
    return response


def with_cookie(text: str) -> Response:
    response = PlainTextResponse("x")
    response.set_cookie("a", text, path=text)
    return response


def with_media_type(text: str) -> Response:
    return Response("x", media_type=text)


def with_stream(text: str) -> Response:
    return StreamingResponse(iter([b"x"]), headers={"x-a": text})


def elsewhere(text: str) -> Response:
    return RedirectResponse(f"/next?to={text}")


def elsewhere_raw(text: str) -> Response:
    response = RedirectResponse("/next")
    response.headers["location"] = text
    return response


SPLITTING = [with_header, with_late_header, with_name, with_raw_header, with_cookie, with_media_type, with_stream]


@pytest.mark.parametrize("text", BAD_TEXTS)
@pytest.mark.parametrize("make", [*SPLITTING, elsewhere, elsewhere_raw])
async def test_no_response_of_starlettes_splits_an_answer(
    http: Served, make: Callable[[str], Response], text: str
) -> None:
    async def show() -> Response:
        return make(text)

    http.add("/show", "GET", show)

    status, headers, body = await http.raw("GET", "/show")

    assert status in (200, 307, 500)
    assert not {"\r", "\n", "\0"} & set("".join([*headers, *headers.values()]))
    assert "set-cookie" not in headers or make is with_cookie
    if status == 500:
        assert headers["content-type"] == "application/problem+json"
        assert json.decode(body)["title"] == "Internal Server Error"
    else:
        assert text not in "".join(headers.values()) or make is with_raw_header


async def test_a_redirect_goes_where_it_was_sent(http: Served) -> None:
    async def show() -> Response:
        return RedirectResponse(f"/next?to={quote('a b')}")

    http.add("/show", "GET", show)

    status, headers, _ = await http.raw("GET", "/show")

    assert (status, headers["location"]) == (307, "/next?to=a%20b")
