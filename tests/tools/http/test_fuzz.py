"""A hundred thousand requests that no good client sends: each answer is deliberate, soon, and a problem."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec import json

import asgi
from tests.domains.person import sign_up_admin
from tests.tools.http.every_binding import every_binding
from tests.tools.http.fuzzing import Fuzzer, Request

Send = Callable[..., Awaitable[None]]
SOME, MANY = 2_500, 10_000
SEEDS = [pytest.param(0, SOME, id="some"), *(pytest.param(one, MANY, marks=pytest.mark.slow) for one in range(1, 6))]
GOOD = {200, 201, 202, 204, 206, 303, 304, 307}
REFUSED = {400, 401, 403, 404, 405, 406, 408, 409, 412, 413, 414, 415, 416, 422, 428, 429, 431}
EXPECTED = {200, 400, 401, 404, 405, 413, 414, 415, 422, 431}


@asynccontextmanager
async def made_up(folder: Path) -> AsyncIterator[tuple[Send, Fuzzer]]:
    served = await every_binding()
    yield served.app, Fuzzer((await served.get("/openapi.json")).json(), "good")
    await served.client.aclose()


@asynccontextmanager
async def shipped(folder: Path) -> AsyncIterator[tuple[Send, Fuzzer]]:
    settings = {"DATABASE_URL": f"sqlite:///{folder}/app.db", "LOGIN_ATTEMPTS_PER_ADDRESS": "100000"}
    async with asgi.running(settings) as client:
        admin = await sign_up_admin(client, settings["DATABASE_URL"])
        document = (await client.get("/openapi.json")).json()
        transport: Any = client._transport
        yield transport.app, Fuzzer(document, admin.access_token, dear=("password", "current_password"))


class Client:
    """Sends a request as a server does, and may leave, or no longer take an answer, at any moment."""

    def __init__(self, request: Request, receives: int = 99, takes: int = 99) -> None:
        self._chunks, self._receives, self._takes = list(request.chunks), receives, takes
        self.sent: list[dict[str, Any]] = []

    async def receive(self) -> dict[str, Any]:
        self._receives -= 1
        if self._receives < 0 or not self._chunks:
            return {"type": "http.disconnect"}
        chunk = self._chunks.pop(0)
        return {"type": "http.request", "body": chunk, "more_body": bool(self._chunks)}

    async def send(self, message: dict[str, Any]) -> None:
        self._takes -= 1
        if self._takes < 0:
            raise OSError("the client left")
        self.sent.append(message)


def status_of(sent: list[dict[str, Any]]) -> int:
    """Check a whole answer, and tell its status."""
    start, *rest = sent
    assert start["type"] == "http.response.start"
    assert [one.get("more_body", False) for one in rest] == [True] * (len(rest) - 1) + [False]
    named, body = dict(start["headers"]), b"".join(one.get("body", b"") for one in rest)
    for name, value in start["headers"]:
        assert name and not {*b"\r\n\0"} & {*name, *value}, (name, value)
    assert named[b"x-request-id"]
    assert named[b"x-content-type-options"] == b"nosniff"
    assert b"Traceback" not in body
    status: int = start["status"]
    if status >= 400:
        assert named[b"content-type"] == b"application/problem+json"
        problem = json.decode(body) if body else {"status": status, "instance": ""}  # a HEAD has none
        assert problem["status"] == status
        assert problem.keys() <= {"type", "title", "status", "detail", "instance", "errors"}
    return status


async def cancelled(app: Send, request: Request, steps: int) -> None:
    """Cancel a request after some turns of the event loop, as a server does when it stops."""
    client = Client(request)
    task = asyncio.ensure_future(app(request.scope, client.receive, client.send))
    for _ in range(steps):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task], timeout=5)
    assert task.done()
    assert task.cancelled() or task.exception() is None


@pytest.mark.parametrize(("seed", "count"), SEEDS)
@pytest.mark.parametrize("target", [made_up, shipped])
async def test_no_request_causes_what_is_not_deliberate(
    target: Callable[[Path], Any], seed: int, count: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    dice, seen = random.Random(seed), Counter[int]()

    async with target(tmp_path) as (app, fuzzer):
        for _ in range(count):
            request, chance = fuzzer.request(dice), dice.random()
            started = time.thread_time()  # a busy machine is not the request's fault
            if chance < 0.05:
                await cancelled(app, request, dice.randrange(6))
            elif chance < 0.15:  # it leaves: what is then sent reaches nobody
                client = Client(request, dice.randrange(3), dice.randrange(3))
                await app(request.scope, client.receive, client.send)
            else:
                client = Client(request)
                await app(request.scope, client.receive, client.send)
                seen[status_of(client.sent)] += 1
                assert seen.keys() <= GOOD | REFUSED, request
            assert time.thread_time() - started < 1, request

    assert seen.keys() >= EXPECTED
    assert not [one for one in caplog.records if one.exc_info], caplog.text
