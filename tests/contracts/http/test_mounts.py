"""Other ASGI apps below a path."""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.contracts.http.models import Abort
from tests.contracts.http_served import Served, hook
from tools.http.contract import RouteError


def small_app(text: str = "mounted") -> Starlette:
    async def show(request: Request) -> Response:
        return JSONResponse([text, request.url.path, (await request.body()).decode()])

    async def fail(request: Request) -> Response:
        raise ValueError("a secret")

    async def half(request: Request) -> Response:
        async def parts() -> AsyncIterator[str]:
            yield "a"
            raise ValueError("a secret")

        return StreamingResponse(parts())

    routes = [Route("/fail", fail), Route("/half", half), Route("/{rest:path}", show, methods=["GET", "POST"])]
    return Starlette(routes=routes, middleware=[Middleware(GZipMiddleware, minimum_size=1)])


@pytest.mark.capability("mount")
async def test_a_mounted_app_serves_what_is_below_its_path_with_its_middleware(http: Served) -> None:
    http.add("/admin/own", "GET", lambda: "ours")
    with hook():
        http.http.mount("/admin", small_app())
        http.http.mount("/admin/deep", small_app("deeper"))

    answer = await http.post("/admin/x", content=b"body")

    assert answer.headers["content-encoding"] == "gzip"
    assert answer.json() == ["mounted", "/admin/x", "body"]
    assert (await http.get("/admin/deep/x")).json()[0] == "deeper"
    assert (await http.get("/admin/own")).json() == "ours"
    assert (await http.get("/administrator")).status_code == 404


@pytest.mark.capability("mount")
async def test_one_app_is_mounted_at_a_path(http: Served) -> None:
    with hook():
        http.http.mount("/admin", small_app())

        with pytest.raises(RouteError, match="^mount '/admin' is taken by made.feature already: change one path$"):
            http.http.mount("/admin/", small_app())
        with pytest.raises(RouteError, match="^mount 'admin' cannot be routed: write an absolute path such as"):
            http.http.mount("admin", small_app())


@pytest.mark.capability("mount")
async def test_an_error_of_a_mounted_app_does_not_leave(http: Served, caplog: pytest.LogCaptureFixture) -> None:
    async def raises(scope: Any, receive: Any, send: Any) -> None:
        raise ValueError("a secret")

    with hook():
        http.http.mount("/app", small_app())
        http.http.mount("/raw", raises)

    answers = [await http.get("/app/fail"), await http.get("/raw/x")]

    assert [one.status_code for one in answers] == [500, 500]
    assert not any("secret" in one.text for one in answers)
    assert len([one for one in caplog.records if one.levelno == logging.ERROR]) == 2


@pytest.mark.capability("mount")
async def test_an_error_of_any_class_of_a_mounted_app_does_not_leave(http: Served) -> None:
    async def raises(scope: Any, receive: Any, send: Any) -> None:
        raise Abort("a secret")

    with hook():
        http.http.mount("/raw", raises)

    assert (await http.get("/raw/x")).status_code == 500


@pytest.mark.capability("mount")
async def test_an_answer_that_breaks_off_is_told_to_the_server(http: Served) -> None:
    with hook():
        http.http.mount("/app", small_app())

    with pytest.raises(RuntimeError, match="the answer broke off half-way"):
        await http.raw("GET", "/app/half", headers=[])


@pytest.mark.capability("mount")
async def test_a_mounted_app_is_behind_the_checks_of_the_head(http: Served) -> None:
    with hook():
        http.http.mount("", small_app())

    assert (await http.get("/anything")).status_code == 200
    assert (await http.get("http://evil.example/anything")).status_code == 400
    closed = await http.raw("GET", "/ws", type="websocket", headers=[(b"host", b"evil.example")])
    assert closed == (0, {}, b"")


async def test_a_websocket_that_nothing_serves_is_closed(http: Served) -> None:
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "websocket", "path": "/ws", "query_string": b"", "headers": [(b"host", b"localhost")]}
    await http.app(scope, asyncio.Event().wait, send)

    assert (sent[0]["type"], sent[0]["code"]) == ("websocket.close", 1008)


async def test_a_redirect_is_a_response(http: Served) -> None:
    http.add("/old", "GET", lambda: RedirectResponse("/new"))

    answer = await http.get("/old", follow_redirects=False)

    assert (answer.status_code, answer.headers["location"]) == (307, "/new")
