"""Clients that are too slow, on purpose or not: each is closed at its deadline, and the others are served meanwhile."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from tests.servers.project import Project, Served, served
from tests.servers.raw_client import Talk, get, read_all, talk

pytestmark = [pytest.mark.slow, pytest.mark.timeout(60)]
DEADLINE_S, LATE_S = 1.0, 1.5  # a tick is a fifth of the deadline; the rest is for a busy machine
SETTINGS = {
    "HTTP_HEAD_TIMEOUT_S": "1",
    "HTTP_BODY_TIMEOUT_S": "1",
    "HTTP_WRITE_STALL_S": "1",
    "HTTP_MIN_BODY_BYTES_PER_S": "2000",
    "HTTP_MAX_CONNECTIONS": "500",
}
PROBE = '''
from starlette.responses import StreamingResponse
from hookspecs import hookimpl

class Probe:
    """GET /ping, GET /big, POST /upload."""
    def __init__(self, http):
        self.http = http

    @hookimpl
    async def on_boot(self):
        self.http.add_endpoint("/ping", "GET", self.ping, public=True)
        self.http.add_endpoint("/big", "GET", self.big, public=True)
        self.http.mount("/upload", self.upload)

    async def ping(self) -> dict:
        return {}

    async def big(self):
        return StreamingResponse(self.chunks())

    async def chunks(self):
        for _ in range(1_000):
            yield b"x" * 65_536

    async def upload(self, scope, receive, send):
        size, more = 0, True
        while more:
            message = await receive()
            size, more = size + len(message.get("body", b"")), message.get("more_body", False)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": str(size).encode()})
'''
UPLOAD = b"POST /upload/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
PING = get("/ping", "Connection: close")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    project = Project(tmp_path_factory.mktemp("slow"), {"probe": PROBE})
    with served(project, "--timeout-keep-alive", "1", **SETTINGS) as server:
        yield server


async def drip(port: int, data: bytes, size: int, pause_s: float) -> tuple[Talk, float]:
    """Send a little at a time until the server closes; answer with what it said, and after how long."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    started = time.monotonic()
    answer = asyncio.create_task(read_all(reader, 20))
    try:
        for start in range(0, len(data), size):
            writer.write(data[start : start + size])
            await asyncio.wait([answer], timeout=pause_s)
            if answer.done():
                break
        return await answer, time.monotonic() - started
    finally:
        writer.transport.abort()


@asynccontextmanager
async def pinging(port: int) -> AsyncIterator[list[float]]:
    """Ask `/ping` all the while; give how long each took."""
    took: list[float] = []

    async def ping() -> None:
        while True:
            started = time.monotonic()
            assert (await talk(port, PING)).statuses == [200]
            took.append(time.monotonic() - started)
            await asyncio.sleep(0.05)

    task = asyncio.create_task(ping())
    yield took
    assert not task.done(), task.exception()
    task.cancel()


async def comes_down_to(server: Served, descriptors: int) -> bool:
    end = time.monotonic() + 3
    while server.descriptors() > descriptors and time.monotonic() < end:
        await asyncio.sleep(0.05)
    return server.descriptors() <= descriptors


async def test_half_heads_and_silence_are_answered_408_at_the_deadline(server: Served) -> None:
    before, half = server.descriptors(), b"GET /ping HTTP/1.1\r\nHost: loc"
    started = time.monotonic()

    async with pinging(server.port) as took:
        answers = await asyncio.gather(*(talk(server.port, data, 10) for data in [half] * 300 + [b""] * 50))
        lasted = time.monotonic() - started

    assert {(*answer.statuses, answer.is_closed) for answer in answers} == {(408, True)}
    assert DEADLINE_S <= lasted < DEADLINE_S + LATE_S + 1  # 350 connections are opened first
    assert max(took) < 1
    assert await comes_down_to(server, before)


async def test_a_dripped_head_is_late_however_much_it_moves(server: Served) -> None:
    dripped = await asyncio.gather(*(drip(server.port, PING * 100, 1, 0.05) for _ in range(20)))

    assert {(*answer.statuses, answer.is_closed) for answer, _ in dripped} == {(408, True)}
    assert all(DEADLINE_S <= lasted < DEADLINE_S + LATE_S for _, lasted in dripped)


async def test_a_body_slower_than_the_rate_is_answered_408(server: Served) -> None:
    stopped = drip(server.port, UPLOAD % 1_000 + b"half", 1_000, 0)
    dripped = drip(server.port, UPLOAD % 1_000 + b"x" * 1_000, 10, 0.05)

    (first, _), (second, lasted) = await asyncio.gather(stopped, dripped)

    assert (first.statuses, first.is_closed) == ([408], True)
    assert (second.statuses, second.is_closed) == ([408], True)
    assert lasted < DEADLINE_S + LATE_S


async def test_a_body_as_fast_as_the_rate_may_take_longer(server: Served) -> None:
    answer, lasted = await drip(server.port, UPLOAD % 40_000 + b"x" * 40_000, 1_000, 0.05)

    assert answer.statuses == [200]
    assert answer.received.endswith(b"40000\r\n0\r\n\r\n")
    assert lasted > 1.5 * DEADLINE_S


async def test_a_client_that_takes_nothing_of_its_answer_is_cut(server: Served) -> None:
    before, writers = server.descriptors(), []
    async with pinging(server.port) as took:
        for _ in range(10):
            _, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.transport.pause_reading()  # type: ignore[attr-defined]  # of a WriteTransport, says typeshed
            writer.write(get("/big"))
            writers.append(writer)
        await asyncio.sleep(DEADLINE_S / 2)
        still_open = server.descriptors() - before

        assert await comes_down_to(server, before + 1)  # the one that asks for /ping

    assert still_open >= 10
    assert max(took) < 1
    assert server.text().count("GET /big: a client takes nothing of its answer") == 10
    for writer in writers:
        writer.transport.abort()


async def test_a_client_that_takes_it_slowly_gets_all_of_it(server: Served) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(get("/big", "Connection: close"))
    received, started = 0, time.monotonic()

    while chunk := await reader.read(1_000_000):
        received += len(chunk)
        await asyncio.sleep(0.015)
    writer.close()

    assert received > 1_000 * 65_536
    assert time.monotonic() - started > 2 * DEADLINE_S


async def test_a_connection_between_two_requests_is_closed_without_a_word(server: Served) -> None:
    started = time.monotonic()
    answer = await talk(server.port, get("/ping"), 10)

    assert (answer.statuses, answer.is_closed) == ([200], True)
    assert DEADLINE_S <= time.monotonic() - started < DEADLINE_S + LATE_S
