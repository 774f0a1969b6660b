"""What caused what: for the callback that runs, and afterwards for whoever asks."""

import asyncio
import contextvars
from datetime import UTC, datetime
from typing import Any

from hookspecs import Trace, trace
from tests.contracts.event_bus.plugins import REQUEST, Work, publish_in, reply, settled, subscribe
from tools.event_bus.contract import Envelope

variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="fresh")


async def test_the_envelope_says_what_is_known_about_the_event(bus: Work) -> None:
    seen = list[Envelope]()

    async def handle(_payload: Any, envelope: Envelope) -> None:
        seen.append(envelope)

    subscribe(bus, "said", handle)
    await bus.on_ready()
    before = datetime.now(UTC)

    event_id = await bus.publish("said", 1, key="k", headers={"tenant": "a"})
    await settled(bus)

    (envelope,) = seen
    assert (envelope.event, envelope.attempt, envelope.parent_id) == ("said", 1, "")
    assert event_id == envelope.event_id == envelope.trace_id
    assert (envelope.key, envelope.headers) == ("k", {"tenant": "a"})
    assert before <= envelope.published_at_utc <= datetime.now(UTC)
    assert envelope.due_at_utc == envelope.published_at_utc


async def test_an_event_without_a_key_has_an_empty_one(bus: Work) -> None:
    seen = list[str]()

    async def handle(_payload: Any, envelope: Envelope) -> None:
        seen.append(envelope.key)

    subscribe(bus, "said", handle)
    await bus.on_ready()

    await bus.publish("said", 1)
    await settled(bus)

    assert seen == [""]


async def test_the_trace_follows_from_the_request_to_the_event_to_the_event(bus: Work) -> None:
    seen = dict[str, Trace]()

    async def first(_payload: Any) -> None:
        seen["first"] = trace.get()
        await asyncio.sleep(0)
        await bus.publish("second", 1)

    def second(_payload: Any) -> None:
        seen["second"] = trace.get()

    subscribe(bus, "first", first)
    subscribe(bus, "second", second)
    await bus.on_ready()

    await publish_in(bus, REQUEST, "first")
    await settled(bus)

    assert seen["first"] == Trace("trace-1", "request-1", seen["first"].event_id, "request-1")
    assert seen["second"] == Trace("trace-1", "request-1", seen["second"].event_id, seen["first"].event_id)
    assert len({"", seen["first"].event_id, seen["second"].event_id}) == 3


async def test_each_attempt_has_the_same_trace(bus: Work) -> None:
    seen = list[tuple[Trace, int]]()

    async def handle(_payload: Any, envelope: Envelope) -> None:
        seen.append((trace.get(), envelope.attempt))
        if envelope.attempt == 1:
            raise ValueError

    subscribe(bus, "said", handle, backoff=0)
    await bus.on_ready()

    event_id = await publish_in(bus, REQUEST, "said")
    await settled(bus)

    cause = Trace("trace-1", "request-1", event_id, "request-1")
    assert seen == [(cause, 1), (cause, 2)]


async def test_a_request_keeps_the_trace_and_leaks_no_variables(bus: Work) -> None:
    seen = list[Any]()

    async def answer(_payload: Any) -> None:
        seen.extend([trace.get(), variable.get()])

    reply(bus, "asked", answer)
    await bus.on_ready()
    tokens = trace.set(Trace("trace-1", "request-1")), variable.set("set by who asks")

    await bus.request("asked", 1)
    trace.reset(tokens[0])
    variable.reset(tokens[1])

    assert seen == [Trace("trace-1", "request-1", seen[0].event_id, "request-1"), "fresh"]
