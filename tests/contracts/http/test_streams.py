"""What a generator yields is streamed: chunk by chunk, never faster than the client reads, and closed in every case."""

import asyncio
from collections.abc import AsyncIterator, Iterator
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


async def test_a_header_that_a_stream_sets_stands_in_place_of_ours(http: Served) -> None:
    async def report(context: Context) -> AsyncIterator[str]:
        context.set_header("Content-Type", "text/csv")
        context.set_header("content-disposition", 'attachment; filename="report.csv"')
        yield "id\n"

    http.add("/report", "GET", report)

    answer = await http.get("/report")

    assert answer.headers.get_list("content-type") == ["text/csv"]
    assert answer.headers["content-disposition"] == 'attachment; filename="report.csv"'
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_an_error_before_the_first_item_has_none_of_a_streams_headers(http: Served) -> None:
    async def report(context: Context) -> AsyncIterator[str]:
        context.set_header("content-type", "text/csv")
        raise Refusal(409, "there is no report")
        yield ""

    http.add("/report", "GET", report)

    answer = await http.get("/report")

    assert (answer.status_code, answer.headers["content-type"]) == (409, "application/problem+json")


async def test_the_generator_waits_while_the_client_does_not_read(http: Served) -> None:
    yielded = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal yielded
        while True:
            yielded += 1
            yield b"%d" % yielded

    http.add("/x", "GET", endless)
    async with asking(http) as client:
        await client.start()
        for expected in range(1, 4):
            assert await client.read() == b"%d" % expected
            await asyncio.sleep(0.01)

            assert yielded <= expected + 1


@pytest.mark.parametrize("wrong", [b"bytes", Row(1), None], ids=["bytes", "struct", "none"])
async def test_an_item_that_is_not_declared_is_a_fault(http: Served, wrong: Any) -> None:
    async def text() -> AsyncIterator[str]:
        yield wrong

    async def rows() -> AsyncIterator[Row]:
        yield {"id": "no number"}  # type: ignore[misc]  # what the test is about

    http.add("/text", "GET", text)
    http.add("/rows", "GET", rows)

    assert [(await http.get(path)).status_code for path in ("/text", "/rows")] == [500, 500]


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
