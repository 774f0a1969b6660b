"""What goes wrong half-way: an error after headers were set, a body that is slow, a body that is read twice."""

import asyncio
from typing import Any

import msgspec
import pytest
from starlette.requests import Request

from tests.contracts.http_served import Boot, Served
from tools.http.contract import Context


class Named(msgspec.Struct):
    name: str


async def test_an_error_takes_along_nothing_that_was_meant_for_a_good_answer(http: Served) -> None:
    async def fails(context: Context) -> None:
        context.set_header("cache-control", "public, max-age=3600")
        context.set_cookie("seen", "1")
        raise RuntimeError

    http.add("/x", "GET", fails)

    answer = await http.get("/x")

    assert answer.status_code == 500
    assert answer.headers["cache-control"] == "no-store"
    assert "seen=1" in answer.headers["set-cookie"]


async def test_an_answer_that_cannot_be_encoded_is_not_the_handlers_declared_error(http: Served) -> None:
    async def wrong() -> Named:
        return Named("\ud800")

    http.add("/x", "GET", wrong, errors={ValueError: 404})

    assert (await http.get("/x")).status_code == 500


async def test_a_request_keeps_the_body_that_was_read(http: Served) -> None:
    async def twice(context: Context) -> int:
        return len(await context.request.body()) + len(await context.request.body())

    async def once(request: Request) -> int:
        return len(await request.body()) + len(await request.body())

    http.add("/context", "POST", twice)
    http.add("/request", "POST", once)

    assert [(await http.post(path, content=b"four")).json() for path in ("/context", "/request")] == [8, 8]


async def test_the_time_for_the_body_and_for_the_handler_are_two_where_they_are_the_same_number(boot: Boot) -> None:
    http = await boot(HTTP_BODY_TIMEOUT_S="0.6", HTTP_HANDLER_TIMEOUT_S="0.6")
    sent: list[dict[str, Any]] = []

    async def slow(new: Named) -> str:
        await asyncio.sleep(0.35)
        return new.name

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(0.35)
        return {"type": "http.request", "body": b'{"name":"Ana"}'}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    http.add("/x", "POST", slow)
    headers = [(b"host", b"localhost"), (b"content-type", b"application/json")]
    scope = {"type": "http", "http_version": "1.1", "scheme": "http", "root_path": "", "query_string": b""}
    await http.app({**scope, "method": "POST", "path": "/x", "headers": headers}, receive, send)

    assert sent[0]["status"] == 200


async def test_a_task_that_was_cancelled_before_still_gets_its_answer_in_time(http: Served) -> None:
    async def hangs() -> None:
        await asyncio.Event().wait()

    http.add("/x", "GET", hangs, timeout_s=0.02)

    async def asks() -> int:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.sleep(1)
        status, _, _ = await http.raw("GET", "/x")
        return status

    assert await asyncio.create_task(asks()) == 504
