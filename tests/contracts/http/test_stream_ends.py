"""How a stream ends: by itself, because its client left, or in an error, which must never look like an end."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from hookspecs import Refusal
from tests.contracts.http.listening import asking
from tests.contracts.http_served import Served

pytestmark = pytest.mark.capability("stream")


async def test_the_generator_is_closed_when_the_client_leaves(http: Served) -> None:
    closed = asyncio.Event()

    async def waiting() -> AsyncIterator[bytes]:
        try:
            yield b"first"
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)  # what it awaits to clean up is awaited
            closed.set()

    http.add("/x", "GET", waiting)
    async with asking(http) as client:
        await client.start()
        assert await client.read() == b"first"

        client.leave()

        await client.end()
        assert closed.is_set()


async def test_a_generator_that_swallows_its_end_gets_no_further_turn(http: Served) -> None:
    turns = 0

    async def stubborn() -> AsyncIterator[bytes]:
        nonlocal turns
        while True:
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(0 if turns == 0 else 3600)
            turns += 1
            yield b"x"

    http.add("/x", "GET", stubborn)
    async with asking(http) as client:
        await client.start()
        await client.read()
        await asyncio.sleep(0)

        client.leave()

        await client.end()
        assert turns <= 2


async def test_an_error_before_the_first_item_is_an_ordinary_answer(http: Served) -> None:
    async def refused(kind: str) -> AsyncIterator[str]:
        if kind == "refusal":
            raise Refusal(409, "not now")
        raise KeyError(kind)
        yield ""

    http.add("/x", "GET", refused, errors={KeyError: (404, "no such kind")})

    answers = [await http.get("/x?kind=refusal"), await http.get("/x?kind=other")]

    assert [(one.status_code, one.json()["detail"]) for one in answers] == [(409, "not now"), (404, "no such kind")]
    assert {one.headers["content-type"] for one in answers} == {"application/problem+json"}


async def test_an_error_half_way_never_looks_like_an_end(http: Served, caplog: pytest.LogCaptureFixture) -> None:
    closed = asyncio.Event()

    async def breaking() -> AsyncIterator[str]:
        try:
            yield "first"
            raise Refusal(409, "half-way")
        finally:
            closed.set()

    http.add("/x", "GET", breaking)
    async with asking(http) as client:
        await client.start()
        assert await client.read() == b"first"

        with pytest.raises(RuntimeError, match="half-way"):  # which makes a server close the connection
            await client.end()

    assert closed.is_set()
    (record,) = [one for one in caplog.records if one.levelno == logging.ERROR]
    assert "breaking failed half-way" in record.message
    assert record.exc_info


async def test_a_generator_that_takes_too_long_for_its_first_item_is_closed(http: Served) -> None:
    closed = asyncio.Event()

    async def slow() -> AsyncIterator[str]:
        try:
            await asyncio.Event().wait()
            yield ""
        finally:
            closed.set()

    http.add("/x", "GET", slow, timeout_s=0.05)

    assert (await http.get("/x")).status_code == 504
    assert closed.is_set()


async def test_only_the_first_item_has_a_deadline(http: Served) -> None:
    async def steady() -> AsyncIterator[str]:
        for _ in range(5):
            yield "x"
            await asyncio.sleep(0.03)

    http.add("/x", "GET", steady, timeout_s=0.05)

    assert (await http.get("/x")).text == "xxxxx"


async def test_a_generator_that_would_end_the_process_is_a_fault(http: Served) -> None:
    async def leaving() -> AsyncIterator[str]:
        raise SystemExit(3)
        yield ""

    async def cancelling() -> AsyncIterator[str]:
        raise asyncio.CancelledError
        yield ""

    http.add("/exit", "GET", leaving)
    http.add("/cancelled", "GET", cancelling)

    assert [(await http.get(path)).status_code for path in ("/exit", "/cancelled")] == [500, 500]


async def test_a_head_tells_what_a_get_would_and_ends_the_generator(http: Served) -> None:
    yielded, closed = 0, asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        nonlocal yielded
        try:
            while True:
                yielded += 1
                yield b"x"
        finally:
            closed.set()

    http.add("/x", "GET", endless)

    answer = await http.client.head("/x")

    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert (yielded, closed.is_set()) == (1, True)
