"""On one connection, no request sees the context variables of the one before."""

import asyncio
import contextlib
import http.client
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextvars import ContextVar
from typing import Annotated, Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.contracts.http_served import Served, hook, serve
from tools.http.contract import Body, Context

seen: ContextVar[str] = ContextVar("seen", default="nothing")
BODY = b'"' + b"a" * 300_000 + b'"'


def visit(place: str) -> str:
    """Answer with what the request before has left, and leave something."""
    before = seen.get()
    seen.set(place)
    return before


async def guard(context: Context) -> str:
    return visit("guard")


async def bound(given: Annotated[str, Body()], context: Context) -> str:
    before = visit("bound")
    await asyncio.sleep(0.001)
    return before if context.claims is None else str(context.claims)


async def unread() -> str:
    return visit("unread")


async def raw(request: Request) -> str:
    before = visit("raw")
    await request.body()
    return before


def threaded(given: Annotated[str, Body()]) -> str:
    return visit("threaded")


async def streamed(request: Request) -> Response:
    async def parts() -> AsyncIterator[str]:
        yield f'"{visit("streamed")}"'
        async for _ in request.stream():
            pass

    return StreamingResponse(parts())


async def mounted(request: Request) -> Response:
    before = visit("mounted")
    await request.body()
    return PlainTextResponse(f'"{before}"')


def add_all(served: Served) -> None:
    handlers: list[Callable[..., Any]] = [bound, unread, raw, threaded, streamed]
    for handler in handlers:
        served.add(f"/{handler.__name__}", "POST", handler)
    served.add("/guarded", "POST", bound, guard=guard)
    with hook():
        served.http.mount("/mounted", Starlette(routes=[Route("/", mounted, methods=["POST"])]))


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """Serve on asyncio's own loop, as stock as can be."""
    ready, servers = threading.Event(), list[uvicorn.Server]()

    async def run() -> None:
        served = await serve("tools.http", {})
        add_all(served)
        config = uvicorn.Config(served.app, port=0, loop="asyncio", lifespan="off", log_level="error")
        servers.append(uvicorn.Server(config))
        serving = asyncio.create_task(servers[0].serve())
        while not servers[0].started:
            await asyncio.sleep(0.01)
        ready.set()
        await serving
        await served.client.aclose()

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    assert ready.wait(20)
    yield servers[0].servers[0].sockets[0].getsockname()[1]
    servers[0].should_exit = True
    thread.join(20)


@pytest.mark.parametrize("path", ["bound", "guarded", "unread", "raw", "threaded", "streamed", "mounted/"])
def test_no_request_sees_what_the_one_before_has_set(port: int, path: str) -> None:
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
        answers = []
        for _ in range(6):
            connection.request("POST", f"/{path}", BODY, {"content-type": "application/json"})
            answers.append(connection.getresponse().read())

    assert answers == [b'"nothing"'] * 6


@pytest.mark.parametrize(
    ("path", "framing", "status"),
    [
        ("/bound", ("content-length", "1000000000000"), 413),
        ("/missing", ("content-length", "1000000000000"), 404),
        ("/missing", ("transfer-encoding", "chunked"), 404),
    ],
)
def test_an_upload_that_is_refused_closes_its_connection(
    port: int, path: str, framing: tuple[str, str], status: int
) -> None:
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
        connection.putrequest("POST", path)
        connection.putheader("content-type", "application/json")
        connection.putheader(*framing)
        connection.endheaders()
        socket = connection.sock

        answer = connection.getresponse()
        answer.read()

        assert (answer.status, answer.getheader("connection")) == (status, "close")
        assert socket.fileno() == -1 or socket.recv(1) == b""
