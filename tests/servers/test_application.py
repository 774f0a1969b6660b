"""One system as an ASGI callable: when it boots, on which loop, and what it answers when it cannot."""

import asyncio
import logging
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

import asgi
import manifest
from kernel.boot import Kernel

ANSWER = {"title": "Service Unavailable", "status": 503}


@pytest.fixture
def scratch() -> Iterator[dict[str, str]]:
    with manifest.scratch() as settings:
        yield settings


async def get(app: asgi.Application, path: str = "/health/live") -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
        return await client.get(path)


async def live(app: asgi.Application, *messages: str) -> list[Any]:
    """Speak the lifespan protocol; answer with what the app sent."""
    sent, queue = list[Any](), [{"type": message} for message in messages]

    async def receive() -> dict[str, str]:
        return queue.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    await app({"type": "lifespan"}, receive, send)
    return sent


async def test_the_lifespan_boots_and_shuts_down(scratch: dict[str, str]) -> None:
    app = asgi.create_app(scratch)

    sent = await live(app, "lifespan.startup", "lifespan.shutdown")

    assert [message["type"] for message in sent] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


async def test_without_a_lifespan_the_first_requests_boot_once(scratch: dict[str, str]) -> None:
    app = asgi.create_app(scratch)

    answers = await asyncio.gather(*(get(app) for _ in range(5)))

    assert [answer.status_code for answer in answers] == [200] * 5
    kernel = await app.start()
    assert isinstance(kernel, Kernel)
    await kernel.shutdown()


async def test_a_client_that_leaves_does_not_end_the_boot(scratch: dict[str, str]) -> None:
    app = asgi.create_app(scratch)
    client = asyncio.create_task(get(app))
    await asyncio.sleep(0)

    client.cancel()
    with pytest.raises(asyncio.CancelledError):
        await client

    kernel = await app.start()
    assert isinstance(kernel, Kernel)
    assert (await get(app)).status_code == 200
    await kernel.shutdown()


def test_a_request_on_another_loop_is_refused(scratch: dict[str, str]) -> None:
    app = asgi.create_app({**scratch, "DB_TIMEOUT_S": "abc"})
    asyncio.run(get(app))

    with pytest.raises(RuntimeError) as refused:
        asyncio.run(get(app))

    assert str(refused.value) == "this app serves another event loop: make one for each with `create_app`"


async def test_a_boot_that_fails_is_logged_once_and_answered_without_details(
    scratch: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    app = asgi.create_app({**scratch, "DB_TIMEOUT_S": "abc"})

    sent = await live(app, "lifespan.startup")
    answers = [await get(app), await get(app)]

    assert sent == [{"type": "lifespan.startup.failed"}]
    assert [(one.status_code, one.json()) for one in answers] == [(503, ANSWER)] * 2
    (record,) = [one for one in caplog.records if one.levelno == logging.CRITICAL]
    assert "setting DB_TIMEOUT_S is of the wrong type" in record.message
    assert not record.exc_info


async def test_running_raises_what_a_server_would_log() -> None:
    with pytest.raises(Exception, match="setting BOOT_TIMEOUT_S is of the wrong type: Expected `float`, got `str`"):
        async with asgi.running({"BOOT_TIMEOUT_S": "soon"}):
            pass


async def test_running_yields_a_client_of_a_booted_app() -> None:
    async with asgi.running() as client:
        assert (await client.get("/health/live")).json() == {"status": "live"}
