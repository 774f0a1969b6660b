"""The life of a stream of events: opened early, kept by heartbeats, never ahead of its client, closed."""

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest

from tests.contracts.http.listening import asking, events, listen
from tests.contracts.http_served import Served

pytestmark = pytest.mark.capability("sse")


async def test_a_stream_opens_before_there_is_an_event_and_beats_until_there_is(http: Served) -> None:
    happened = asyncio.Event()

    async def waiting() -> AsyncIterator[str]:
        await happened.wait()
        yield "happened"

    listen(http, waiting, heartbeat_s=0.01)
    async with asking(http) as client:
        status, _ = await client.start()
        heard = [await client.read() for _ in range(4)]
        happened.set()

        assert (status, heard) == (200, [b":\n\n"] * 4)
        assert await events(client, 1) == [b"data: happened\n\n"]


async def test_no_heartbeat_is_sent_while_there_are_events(http: Served) -> None:
    async def busy() -> AsyncIterator[str]:
        for _ in range(20):
            yield "x"
            await asyncio.sleep(0.005)

    listen(http, busy, heartbeat_s=1.0)

    assert (await http.get("/x")).text == ":\n\n" + "data: x\n\n" * 20


async def test_the_generator_waits_while_the_client_does_not_read(http: Served) -> None:
    made = 0

    async def endless() -> AsyncIterator[str]:
        nonlocal made
        while True:
            made += 1
            yield str(made)

    listen(http, endless, heartbeat_s=0.01)
    async with asking(http) as client:
        await client.start()
        for expected in range(1, 4):
            assert await events(client, 1) == [b"data: %d\n\n" % expected]
            await asyncio.sleep(0.03)

            assert made <= expected + 1


async def test_the_generator_is_closed_when_the_client_leaves(http: Served) -> None:
    closed = asyncio.Event()

    async def waiting() -> AsyncIterator[str]:
        try:
            yield "first"
            await asyncio.Event().wait()
        finally:
            closed.set()

    listen(http, waiting)
    async with asking(http) as client:
        await client.start()
        await events(client, 1)

        client.leave()

        async with asyncio.timeout(1):
            await client.end()
    assert closed.is_set()


async def test_an_error_half_way_ends_the_stream_and_is_logged(http: Served, caplog: pytest.LogCaptureFixture) -> None:
    async def breaking() -> AsyncIterator[str]:
        yield "first"
        raise ValueError("no source")

    listen(http, breaking)
    async with asking(http) as client:
        await client.start()
        assert await events(client, 1) == [b"data: first\n\n"]
        assert await client.read() == b""  # the client comes back by itself
        await client.end()

    (record,) = [one for one in caplog.records if one.levelno == logging.ERROR]
    assert "breaking failed half-way" in record.message


async def test_at_shutdown_streams_end_and_their_generators_are_closed(http: Served) -> None:
    closed = []

    async def waiting() -> AsyncIterator[str]:
        try:
            yield "first"
            await asyncio.Event().wait()
        finally:
            closed.append("closed")

    listen(http, waiting)
    async with asking(http) as reading, asking(http) as stuck:
        for client in (reading, stuck):
            await client.start()
            await events(client, 1)

        stopping = asyncio.create_task(http.work.on_shutdown())

        assert await reading.read() == b""
        await reading.end()
        await stopping
        assert closed == ["closed", "closed"]
        await stuck.end()  # though it takes nothing


async def test_a_head_tells_what_a_get_would_and_ends_the_generator(http: Served) -> None:
    closed = asyncio.Event()

    async def waiting() -> AsyncIterator[str]:
        try:
            yield "first"
            await asyncio.Event().wait()
        finally:
            closed.set()

    listen(http, waiting)

    answer = await http.client.head("/x")

    assert (answer.status_code, answer.content, closed.is_set()) == (200, b"", True)
    assert answer.headers["content-type"].startswith("text/event-stream")
