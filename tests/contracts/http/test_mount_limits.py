"""How much one request to a mounted app may take: as an endpoint's, unless its mount says otherwise."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi import Request as FastRequest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.contracts.http.models import JSON_TYPE, nothing
from tests.contracts.http_served import Boot, Served, hook

pytestmark = pytest.mark.capability("mount")
CHUNKED = (b"transfer-encoding", b"chunked")


def part(body: bytes, more: bool = False) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


def mount(http: Served, path: str, app: Any, **options: Any) -> None:
    with hook():
        http.http.mount(path, app, **options)


async def measure(request: Request) -> Response:
    return JSONResponse(len(await request.body()))


def with_starlette() -> Any:
    return Starlette(routes=[Route("/", measure, methods=["POST"])])


def with_fastapi() -> Any:
    app = FastAPI()

    @app.post("/")
    async def take(data: dict[str, Any], request: FastRequest) -> int:
        return len(data)

    return app


async def stubborn(scope: Any, receive: Any, send: Any) -> None:
    """Answer 200, whatever its errors are."""
    for _ in range(9):
        try:
            await receive()
        except Exception:
            break
    await Response()(scope, receive, send)


APPS: dict[str, Callable[[], Any]] = {
    "starlette": with_starlette,
    "fastapi": with_fastapi,
    "stubborn": lambda: stubborn,
}


@pytest.mark.parametrize("app", APPS)
async def test_a_body_without_end_is_refused_whatever_the_app_makes_of_it(boot: Boot, app: str) -> None:
    http = await boot(HTTP_MAX_BODY_BYTES="1000")
    mount(http, "/app", APPS[app]())
    taken = [part(b"x" * 400, more=True) for _ in range(4)]

    status, headers, body = await http.raw("POST", "/app/", *taken, headers=[JSON_TYPE, CHUNKED])

    assert (status, headers["connection"]) == (413, "close")
    assert b"the body is larger than 1000 bytes" in body


@pytest.mark.parametrize(("declared", "status"), [(b"1001", 413), (b"9" * 40, 413), (b"one", 400)])
async def test_a_length_over_the_limit_is_refused_before_the_app_is_asked(
    boot: Boot, declared: bytes, status: int
) -> None:
    http, asked = await boot(HTTP_MAX_BODY_BYTES="1000"), list[Any]()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        asked.append(scope)

    mount(http, "/app", app)

    answer = await http.raw("POST", "/app/", headers=[JSON_TYPE, (b"content-length", declared)])

    assert (answer[0], answer[1]["connection"], asked) == (status, "close", [])


async def test_a_body_of_exactly_the_limit_is_taken(boot: Boot) -> None:
    http = await boot(HTTP_MAX_BODY_BYTES="1000")
    mount(http, "/app", with_starlette())

    declared = await http.post("/app/", content=b"x" * 1000)
    chunked = await http.raw("POST", "/app/", part(b"x" * 999, more=True), part(b"x"), headers=[CHUNKED])

    assert (declared.json(), chunked[0], chunked[2]) == (1000, 200, b"1000")


async def test_a_mount_has_a_limit_of_its_own(boot: Boot) -> None:
    http = await boot(HTTP_MAX_BODY_BYTES="1000")
    mount(http, "/more", with_starlette(), max_body_bytes=2_000)
    mount(http, "/less", with_starlette(), max_body_bytes=10)

    answers = [await http.post(path, content=b"x" * 1_500) for path in ("/more/", "/less/")]

    assert [one.status_code for one in answers] == [200, 413]


async def test_an_answer_that_has_begun_is_not_put_right(boot: Boot) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while True:
            await receive()

    http = await boot(HTTP_MAX_BODY_BYTES="1000")
    mount(http, "/app", app)

    with pytest.raises(RuntimeError, match="the answer broke off half-way"):
        await http.raw("POST", "/app/", *(part(b"x" * 400, more=True) for _ in range(4)), headers=[CHUNKED])


async def test_requests_to_an_app_are_counted_unless_its_mount_says_otherwise(boot: Boot) -> None:
    async def wait(request: Request) -> Response:
        begun.append(request)
        await release.wait()
        return Response()

    http, release, begun = await boot(HTTP_MAX_IN_FLIGHT="2"), asyncio.Event(), list[Request]()
    mount(http, "/app", Starlette(routes=[Route("/", wait)]))
    mount(http, "/free", Starlette(routes=[Route("/", wait)]), when_full=True)
    http.add("/own", "GET", nothing)

    waiting = [asyncio.create_task(http.get(path)) for path in ("/free/", "/app/", "/app/", "/free/")]
    while len(begun) < 4:
        await asyncio.sleep(0)
    refused, own = await http.get("/app/"), await http.get("/own")
    release.set()

    assert (refused.status_code, refused.headers["retry-after"], own.status_code) == (503, "1", 503)
    assert [(await one).status_code for one in waiting] == [200] * 4
    assert (await http.get("/app/")).status_code == 200
