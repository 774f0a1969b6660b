"""A `def` generator is streamed too: its steps run in the bounded pool, one at a time, and so does its end."""

import asyncio
import threading
from collections.abc import Iterator
from contextvars import ContextVar

import pytest

from hookspecs import Refusal
from kernel.call import THREADS
from tests.contracts.http.listening import asking
from tests.contracts.http_served import Served

pytestmark = pytest.mark.capability("stream")
place: ContextVar[str] = ContextVar("place", default="outside")


async def test_a_plain_generator_runs_in_the_pool_and_is_closed_there(http: Served) -> None:
    seen: list[tuple[str, bool]] = []
    closed = threading.Event()

    def blocking() -> Iterator[bytes]:
        token = place.set("inside")
        try:
            for _ in range(100):
                seen.append((place.get(), threading.current_thread() is threading.main_thread()))
                yield b"x"
        finally:
            place.reset(token)
            closed.set()

    http.add("/x", "GET", blocking)
    async with asking(http) as client:
        await client.start()
        await client.read()
        await client.read()

        client.leave()
        await client.end()

    assert closed.is_set()
    assert set(seen) == {("inside", False)}
    assert len(seen) <= 4


async def test_a_plain_generator_that_blocks_is_closed_when_its_step_is_over(http: Served) -> None:
    go_on, closed = threading.Event(), threading.Event()

    def blocking() -> Iterator[bytes]:
        try:
            yield b"first"
            go_on.wait(5)
            yield b"second"
        finally:
            closed.set()

    http.add("/x", "GET", blocking)
    async with asking(http) as client:
        await client.start()
        await client.read()
        client.leave()
        await asyncio.sleep(0.01)
        go_on.set()
        await client.end()

    assert closed.is_set()


async def test_a_full_pool_refuses_a_plain_stream_and_does_not_break_one_that_runs(http: Served) -> None:
    go_on = threading.Event()

    def rows() -> Iterator[str]:
        yield "first"
        yield "second"

    def blocking() -> None:
        go_on.wait(5)

    http.add("/rows", "GET", rows)
    http.add("/blocking", "GET", blocking)
    async with asking(http, "/rows") as client:
        await client.start()
        blocked = [asyncio.create_task(http.get("/blocking")) for _ in range(THREADS + 1)]
        await asyncio.wait(blocked, return_when=asyncio.FIRST_COMPLETED)
        refused = await http.get("/rows")
        first = await client.read()
        go_on.set()

        assert (refused.status_code, first, await client.read()) == (503, b"first", b"second")
        await asyncio.wait(blocked)


async def test_a_refusal_of_its_own_is_not_taken_for_a_full_pool(http: Served) -> None:
    def rows() -> Iterator[str]:
        yield "first"
        raise Refusal(503, "the source is away", retry_after_s=1)

    http.add("/x", "GET", rows)
    async with asking(http) as client:
        await client.start()
        await client.read()

        with pytest.raises(RuntimeError, match="half-way"):
            await client.end()
