"""The lifespans of mounted apps: started once before requests, stopped once, in reverse."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from tests.contracts.http.mounts.mounting import Noted, mount, ready, shut
from tests.contracts.http_served import Served


async def test_each_lifespan_runs_once_around_the_requests(http: Served) -> None:
    noted = Noted()
    mount(http, "/a", noted.app("a"))
    mount(http, "/b", noted.app("b"))

    await ready(http)
    answers = [await http.get("/a/"), await http.get("/b/")]
    await shut(http)

    assert [one.status_code for one in answers] == [200, 200]
    assert noted.all == ["a starts", "b starts", "a answers", "b answers", "b stops", "a stops"]


async def test_an_app_at_two_paths_starts_once(http: Served) -> None:
    noted = Noted()
    app = noted.app("a")
    mount(http, "/one", app)
    second = mount(http, "/two", app)

    second.undo.close()
    await ready(http)
    await shut(http)

    assert noted.all == ["a starts", "a stops"]


async def test_what_a_lifespan_yields_is_the_state_of_each_request(http: Served) -> None:
    pool = ["shared"]
    mount(http, "/a", Noted().app("a", {"pool": pool}))

    await ready(http)
    answers = [(await http.get("/a/")).json() for _ in range(2)]
    await shut(http)

    assert answers == [{"pool": "['shared']"}] * 2


async def test_a_request_changes_its_own_copy_of_the_state(http: Served) -> None:
    async def count(request: Request) -> Response:
        request.state.count += 1
        return JSONResponse(request.state.count)

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[dict[str, int]]:
        yield {"count": 0}

    mount(http, "/a", Starlette(routes=[Route("/", count)], lifespan=lifespan))

    await ready(http)

    assert [(await http.get("/a/")).json() for _ in range(2)] == [1, 1]
    await shut(http)


async def test_apps_without_a_lifespan_are_served(http: Served) -> None:
    async def plain(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        await JSONResponse(scope["path"])(scope, receive, send)

    async def careless(scope: Any, receive: Any, send: Any) -> None:
        await JSONResponse(scope.get("path"))(scope, receive, send)

    async def patient(scope: Any, receive: Any, send: Any) -> None:
        while (await receive())["type"] != "http.disconnect":
            if scope["type"] == "http":
                await JSONResponse(scope["path"])(scope, receive, send)
                return

    async def silent(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await JSONResponse(scope["path"])(scope, receive, send)

    apps = {"/plain": plain, "/careless": careless, "/patient": patient, "/silent": silent}
    for path, app in apps.items():
        mount(http, path, app)

    async with asyncio.timeout(5):
        await ready(http)
        answers = [(await http.get(f"{path}/x")).status_code for path in apps]
        await shut(http)

    assert answers == [200] * 4


def fastapi(noted: Noted) -> FastAPI:
    app = FastAPI(lifespan=noted.lifespan("shop", {"stock": 7}))

    @app.get("/items/{id}")
    async def item(id: int, request: Request) -> dict[str, Any]:
        return {"id": id, "stock": request.state.stock, "url": str(request.url_for("item", id=id))}

    return app


@pytest.mark.parametrize("root", ["", "/api"])
async def test_a_fastapi_app_lives_below_its_mount_with_its_documents(http: Served, root: str) -> None:
    noted = Noted()
    mount(http, "/shop", fastapi(noted))
    await ready(http)

    async def below(path: str) -> tuple[int, bytes]:
        status, _, body = await http.raw("GET", f"{root}{path}", root_path=root)
        return status, body

    item, docs, document = await below("/shop/items/3"), await below("/shop/docs"), await below("/shop/openapi.json")
    await shut(http)

    assert item == (200, b'{"id":3,"stock":7,"url":"http://localhost%s/shop/items/3"}' % root.encode())
    assert docs[0] == document[0] == 200
    assert f"'{root}/shop/openapi.json'".encode() in docs[1]
    assert b'"servers":[{"url":"%s/shop"}]' % root.encode() in document[1]
    assert (await below("/shop/items/x"))[0] == 422
    assert noted.all == ["shop starts", "shop stops"]


async def test_a_websocket_of_a_mounted_app_has_the_state(http: Served) -> None:
    async def greet(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text(socket.state.name)
        await socket.close()

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[dict[str, str]]:
        yield {"name": "Ana"}

    mount(http, "/live", Starlette(routes=[WebSocketRoute("/", greet)], lifespan=lifespan))
    await ready(http)

    arriving, sent = [{"type": "websocket.connect"}], list[dict[str, Any]]()

    async def receive() -> dict[str, Any]:
        return arriving.pop()

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "websocket", "path": "/live/", "query_string": b"", "headers": [(b"host", b"localhost")]}
    await http.app(scope, receive, send)
    await shut(http)

    assert [one.get("text") for one in sent] == [None, "Ana", None]
