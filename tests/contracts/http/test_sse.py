"""Server-sent events: their format, their heartbeats, and how they end."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

import pytest
from msgspec import Struct

from hookspecs import Refusal
from tests.contracts.http.listening import listen
from tests.contracts.http_served import Served
from tools.http.contract import Header, RouteError, ServerEvent

pytestmark = pytest.mark.capability("sse")


class Tick(Struct):
    n: int


class SecretTick(Tick):
    password_hash: str = "argon2"


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
