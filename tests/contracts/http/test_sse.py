"""Server-sent events: their format, their heartbeats, and how they end."""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Annotated, Any

import pytest
from msgspec import Struct

from hookspecs import Refusal
from tests.contracts.http.listening import Client, asking
from tests.contracts.http_served import Served, hook
from tools.http.contract import Header, RouteError, ServerEvent

pytestmark = pytest.mark.capability("sse")


class Tick(Struct):
    n: int


class SecretTick(Tick):
    password_hash: str = "argon2"


def listen(http: Served, handler: Any, path: str = "/x", **options: Any) -> None:
    with hook():
        http.http.add_sse(path, handler, **{"public": True, **options})


async def events(client: Client, amount: int) -> list[bytes]:
    """Read so many events; comments are none."""
    found: list[bytes] = []
    while len(found) < amount:
        chunk = await client.read()
        found += [] if chunk.startswith(b":") else [chunk]
    return found


def yielding(*items: Any) -> Any:
    async def handler():  # type: ignore[no-untyped-def]
        for item in items:
            yield item

    return handler


@pytest.mark.parametrize(
    ("item", "written"),
    [
        (ServerEvent({"a": 1}), 'data: {"a":1}\n\n'),
        (ServerEvent("text", "note", "7", 500), "event: note\nid: 7\nretry: 500\ndata: text\n\n"),
        (ServerEvent("one\ntwo\r\nthree\rfour\n"), "data: one\ndata: two\ndata: three\ndata: four\ndata: \n\n"),
        (ServerEvent(""), "data: \n\n"),
        (ServerEvent("\u2028grüße\x0b"), "data: \u2028grüße\x0b\n\n"),
        (ServerEvent(None), "data: null\n\n"),
        (Tick(1), 'data: {"n":1}\n\n'),
        ("text", "data: text\n\n"),
        ([1, 2], "data: [1,2]\n\n"),
    ],
)
async def test_an_event_is_written_as_the_standard_says(http: Served, item: Any, written: str) -> None:
    listen(http, yielding(item))

    answer = await http.get("/x")

    assert answer.content.decode().removeprefix(":\n\n") == written


async def test_the_headers_keep_everything_between_from_holding_events_back(http: Served) -> None:
    listen(http, yielding("x"))

    headers = (await http.get("/x")).headers

    assert headers["content-type"].startswith("text/event-stream")
    assert (headers["cache-control"], headers["x-accel-buffering"]) == ("no-store", "no")


@pytest.mark.parametrize(
    "event",
    [
        ServerEvent("x", event="a\nid: 9"),
        ServerEvent("x", id="a\rb"),
        ServerEvent("x", id="a\0b"),
        ServerEvent("x", retry_ms=-1),
    ],
    ids=["event", "id", "nul", "retry"],
)
async def test_a_field_that_would_forge_another_is_a_fault(http: Served, event: ServerEvent) -> None:
    listen(http, yielding(event))

    assert (await http.get("/x")).status_code == 500


async def test_only_what_is_declared_becomes_an_event(http: Served) -> None:
    async def ticks(kind: str) -> AsyncIterator[Tick]:
        yield SecretTick(1) if kind == "more" else kind  # type: ignore[misc]  # what the test is about

    async def marked(kind: str) -> AsyncIterator[ServerEvent | Tick]:
        yield ServerEvent("x") if kind == "event" else Tick(2) if kind == "tick" else kind  # type: ignore[misc]

    listen(http, ticks, "/ticks")
    listen(http, marked, "/marked")

    assert b"argon2" not in (await http.get("/ticks?kind=more")).content
    answers = [await http.get(url) for url in ("/ticks?kind=text", "/marked?kind=text")]
    assert [one.status_code for one in answers] == [500, 500]
    texts = [(await http.get(f"/marked?kind={kind}")).text for kind in ("event", "tick")]
    assert [one.removeprefix(":\n\n") for one in texts] == ["data: x\n\n", 'data: {"n":2}\n\n']


async def test_a_client_goes_on_where_it_was(http: Served) -> None:
    async def numbers(last_id: Annotated[int, Header("last-event-id")] = 0) -> AsyncIterator[ServerEvent]:
        for number in range(last_id + 1, 4):
            yield ServerEvent(number, id=str(number))

    listen(http, numbers)

    first = await http.get("/x")
    again = await http.get("/x", headers={"Last-Event-ID": "2"})

    assert [one.text.count("data:") for one in (first, again)] == [3, 1]
    assert "id: 3\ndata: 3\n\n" in again.text


async def test_a_guarded_stream_is_refused_before_it_begins(http: Served) -> None:
    started = asyncio.Event()

    async def guard(context: Any) -> None:
        raise Refusal(401, "no token")

    async def secret() -> AsyncIterator[str]:
        started.set()
        yield "secret"

    listen(http, secret, public=False, guard=guard)

    assert (await http.get("/x")).status_code == 401
    assert not started.is_set()


async def test_an_error_before_the_first_event_is_an_ordinary_answer(http: Served) -> None:
    async def missing(id: int) -> AsyncIterator[str]:
        await asyncio.sleep(0)
        raise KeyError(id)
        yield ""

    listen(http, missing, errors={KeyError: (404, "there is no such job")})

    answer = await http.get("/x?id=7")

    assert (answer.status_code, answer.json()["detail"]) == (404, "there is no such job")


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


async def plain() -> None: ...


async def misdeclared() -> Tick:  # type: ignore[misc]
    yield Tick(1)


@pytest.mark.parametrize(
    ("handler", "heartbeat_s", "wrong"),
    [
        (plain, 15, "handler plain is no async generator: write `async def`, and `yield` the events"),
        (misdeclared, 15, "handler misdeclared returns .*: annotate `-> AsyncIterator.ServerEvent.`"),
        (yielding(1), 0, "heartbeat_s is 0: use a number of seconds above 0"),
    ],
    ids=["plain", "misdeclared", "heartbeat"],
)
async def test_what_cannot_stream_events_is_refused_at_boot(
    http: Served, handler: Any, heartbeat_s: float, wrong: str
) -> None:
    listen(http, yielding("x"), "/good")

    with pytest.raises(RouteError, match=wrong):
        listen(http, handler, heartbeat_s=heartbeat_s)
