"""The lifespans of mounted apps: started once before requests, stopped once, in reverse."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
import pytest_asyncio
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from tests.contracts.http_served import Served, answered, hook, serve

Lifespan = Callable[[Any], AbstractAsyncContextManager[Any]]


@pytest_asyncio.fixture(params=["tools.http"])
async def http(request: pytest.FixtureRequest) -> AsyncIterator[Served]:
    served = await serve(request.param, {})
    yield served
    await served.client.aclose()


class Noted:
    """Keeps what apps do, in order."""

    def __init__(self) -> None:
        self.all: list[str] = []

    def lifespan(self, name: str, state: dict[str, Any] | None = None) -> Lifespan:
        @asynccontextmanager
        async def run(app: Any) -> AsyncIterator[dict[str, Any] | None]:
            self.all.append(f"{name} starts")
            yield state
            self.all.append(f"{name} stops")

        return run

    def app(self, name: str, state: dict[str, Any] | None = None) -> Starlette:
        async def show(request: Request) -> Response:
            self.all.append(f"{name} answers")
            return JSONResponse({key: repr(value) for key, value in request.state._state.items()})

        return Starlette(routes=[Route("/", show)], lifespan=self.lifespan(name, state))


def mount(http: Served, path: str, app: Any, owner: str = "made.feature") -> Any:
    with hook(owner) as part:
        http.http.mount(path, app)
    return part


async def ready(http: Served) -> None:
    await answered(http.work.on_ready())


async def shut(http: Served) -> None:
    await answered(http.work.on_shutdown())


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


async def test_a_start_up_that_fails_names_mount_and_owner_and_stops_what_had_started(http: Served) -> None:
    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[None]:
        raise ValueError("no database at 'db:5432'")
        yield

    noted = Noted()
    mount(http, "/good", noted.app("good"))
    mount(http, "/admin", Starlette(lifespan=lifespan), "shop.admin")
    mount(http, "/later", noted.app("later"))

    with pytest.raises(Exception) as raised:
        await ready(http)

    who, why = "shop.admin (shop.admin.py): mount '/admin'", "ValueError: no database at 'db:5432'"
    advice = "correct it, or do not mount it"
    assert str(raised.value) == f"{who}: the app's own startup failed: {why}: {advice}"
    assert noted.all == ["good starts", "good stops"]


async def test_a_start_up_that_hangs_is_cut_by_the_hooks_time_out_and_named(
    http: Served, caplog: pytest.LogCaptureFixture
) -> None:
    ended = asyncio.Event()

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[None]:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        yield

    mount(http, "/admin", Starlette(lifespan=lifespan))

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(ready(http), 0.05)
    await asyncio.wait_for(ended.wait(), 5)

    assert "made.feature (made.feature.py): mount '/admin': the app's own startup did not end in time" in caplog.text


async def test_a_shutdown_that_fails_is_logged_and_the_others_still_stop(
    http: Served, caplog: pytest.LogCaptureFixture
) -> None:
    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[None]:
        yield
        raise ValueError("not flushed")

    noted = Noted()
    mount(http, "/a", noted.app("a"))
    mount(http, "/b", Starlette(lifespan=lifespan))

    await ready(http)
    with caplog.at_level(logging.ERROR):
        await shut(http)

    assert noted.all == ["a starts", "a stops"]
    assert "made.feature (made.feature.py): mount '/b': the app's own shutdown failed: ValueError: not" in caplog.text


async def test_a_shutdown_that_hangs_is_cut_and_leaves_nothing_running(http: Served) -> None:
    ended = list[str]()

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[None]:
        yield
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("cut")

    noted = Noted()
    mount(http, "/a", noted.app("a"))
    mount(http, "/b", Starlette(lifespan=lifespan))
    await ready(http)

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(shut(http), 0.05)
    for _ in range(5):
        await asyncio.sleep(0)

    assert ended == ["cut"]
    assert [one for one in asyncio.all_tasks() if one is not asyncio.current_task()] == []


async def test_a_lifespan_that_wants_the_process_to_exit_does_not_get_it(http: Served) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise SystemExit(3)

    mount(http, "/a", app)

    await ready(http)
    await shut(http)


async def test_a_removed_mount_is_not_started(http: Served) -> None:
    noted = Noted()
    part = mount(http, "/a", noted.app("a"))

    part.undo.close()
    await ready(http)
    await shut(http)

    assert noted.all == []


async def test_what_a_part_mounts_before_it_fails_is_forgotten_with_it(http: Served) -> None:
    noted = Noted()
    app = noted.app("a")
    mount(http, "/a", app)
    with hook("other.feature") as other, pytest.raises(ValueError):
        http.http.mount("/a", app)

    other.undo.close()
    await ready(http)
    await shut(http)

    assert noted.all == ["a starts", "a stops"]


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
