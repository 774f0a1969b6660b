"""What a generator yields is streamed: chunk by chunk, never faster than the client reads, and closed in every case."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from contextvars import ContextVar
from typing import Any

import pytest
from msgspec import Struct

from hookspecs import Refusal
from tests.contracts.http.listening import asking
from tests.contracts.http_served import Served
from tools.http.contract import Context, RouteError

pytestmark = pytest.mark.capability("stream")
place: ContextVar[str] = ContextVar("place", default="outside")


class Row(Struct):
    id: int


class SecretRow(Row):
    password_hash: str = "argon2"


class Track:
    """What became of a generator."""

    def __init__(self) -> None:
        self.yielded, self.is_closed = 0, asyncio.Event()


async def count(track: Track) -> AsyncIterator[bytes]:
    try:
        while True:
            track.yielded += 1
            yield b"%d" % track.yielded
    finally:
        track.is_closed.set()


async def three_bytes() -> AsyncIterator[bytes]:
    for chunk in (b"a", bytearray(b"b"), memoryview(b"c")):
        yield bytes(chunk)


async def two_texts() -> AsyncIterator[str]:
    yield "grü"
    yield "ße"


async def two_rows() -> AsyncIterator[Row]:
    yield Row(1)
    yield SecretRow(2)


async def nothing() -> AsyncIterator[str]:
    return
    yield ""


def plain_rows() -> Iterator[Row]:
    yield Row(1)
    yield Row(2)


@pytest.mark.parametrize(
    ("handler", "media_type", "body"),
    [
        (three_bytes, "application/octet-stream", b"abc"),
        (two_texts, "text/plain; charset=utf-8", "grüße".encode()),
        (two_rows, "application/x-ndjson", b'{"id":1}\n{"id":2}\n'),
        (plain_rows, "application/x-ndjson", b'{"id":1}\n{"id":2}\n'),
        (nothing, "text/plain; charset=utf-8", b""),
    ],
)
async def test_items_are_streamed_as_what_they_are_declared(
    http: Served, handler: Any, media_type: str, body: bytes
) -> None:
    http.add("/x", "GET", handler)

    answer = await http.get("/x")

    assert (answer.status_code, answer.headers["content-type"], answer.content) == (200, media_type, body)
    assert "content-length" not in answer.headers


async def test_each_item_is_one_message(http: Served) -> None:
    http.add("/x", "GET", two_rows)

    async with asking(http) as client:
        await client.start()

        assert [await client.read() for _ in range(3)] == [b'{"id":1}\n', b'{"id":2}\n', b""]
        await client.end()


async def test_a_stream_has_the_status_of_its_route_and_its_parameters(http: Served) -> None:
    async def some(amount: int, context: Context) -> AsyncIterator[str]:
        context.set_header("x-amount", str(amount))
        for index in range(amount):
            yield f"{index}\n"

    http.add("/x", "POST", some, status=202)

    answer = await http.post("/x?amount=2")

    assert (answer.status_code, answer.text, answer.headers["x-amount"]) == (202, "0\n1\n", "2")
    assert (await http.post("/x?amount=no")).status_code == 422


async def test_the_generator_waits_while_the_client_does_not_read(http: Served) -> None:
    track = Track()

    async def endless() -> AsyncIterator[bytes]:
        async for chunk in count(track):
            yield chunk

    http.add("/x", "GET", endless)
    async with asking(http) as client:
        await client.start()
        for expected in range(1, 4):
            assert await client.read() == b"%d" % expected
            await asyncio.sleep(0.01)

            assert track.yielded <= expected + 1


async def test_the_generator_is_closed_when_the_client_leaves(http: Served) -> None:
    track = Track()

    async def waiting() -> AsyncIterator[bytes]:
        try:
            yield b"first"
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)  # what it awaits to clean up is awaited
            track.is_closed.set()

    http.add("/x", "GET", waiting)
    async with asking(http) as client:
        await client.start()
        assert await client.read() == b"first"

        client.leave()

        await client.end()
        assert track.is_closed.is_set()


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


@pytest.mark.parametrize("wrong", [b"bytes", Row(1), None], ids=["bytes", "struct", "none"])
async def test_an_item_that_is_not_declared_is_a_fault(http: Served, wrong: Any) -> None:
    async def text() -> AsyncIterator[str]:
        yield wrong

    async def rows() -> AsyncIterator[Row]:
        yield {"id": "no number"}  # type: ignore[misc]  # what the test is about

    http.add("/text", "GET", text)
    http.add("/rows", "GET", rows)

    assert [(await http.get(path)).status_code for path in ("/text", "/rows")] == [500, 500]


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
    track = Track()

    async def endless() -> AsyncIterator[bytes]:
        async for chunk in count(track):
            yield chunk

    http.add("/x", "GET", endless)

    answer = await http.client.head("/x")

    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert track.yielded == 1


async def test_what_a_generator_sets_it_sees_at_its_end_and_nobody_else_does(http: Served) -> None:
    seen = []

    async def setting() -> AsyncIterator[str]:
        token = place.set("inside")
        async with asyncio.timeout(5):  # it has to end in the task that it began in
            yield place.get()
            await asyncio.sleep(0)
            seen.append(place.get())
        place.reset(token)

    http.add("/x", "GET", setting)

    assert (await http.get("/x")).text == "inside"
    assert [*seen, place.get()] == ["inside", "outside"]


async def test_a_generator_that_never_waits_lets_others_run(http: Served) -> None:
    ticks = 0

    async def busy() -> AsyncIterator[str]:
        for _ in range(20_000):
            yield "x" * 10

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0)

    http.add("/x", "GET", busy)
    ticking = asyncio.create_task(tick())

    assert len((await http.get("/x")).content) == 200_000
    ticking.cancel()
    assert ticks > 5


async def undeclared():  # type: ignore[no-untyped-def]
    yield ""


async def misdeclared() -> Row:  # type: ignore[misc]
    yield Row(1)


@pytest.mark.parametrize("handler", [undeclared, misdeclared])
async def test_a_generator_that_does_not_say_what_it_yields_is_refused(http: Served, handler: Any) -> None:
    http.add("/good", "GET", two_rows)
    advice = "annotate `-> AsyncIterator\\[bytes\\]`, or of str, or of a Struct"
    with pytest.raises(RouteError, match=f"handler {handler.__name__} does not say what it yields: {advice}"):
        http.add("/x", "GET", handler)
