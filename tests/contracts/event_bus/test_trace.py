"""The tree of what followed from one request, for whoever asks: right after a restart too."""

from datetime import UTC, datetime
from typing import Any

import pytest

from hookspecs import Trace, trace
from tests.contracts.event_bus.plugins import (
    REQUEST,
    Broken,
    Gate,
    Listener,
    Work,
    errors,
    publish_in,
    reply,
    settled,
    subscribe,
    until,
)
from tests.contracts.event_bus.works import BROKERS, Home, durable
from tools.event_bus.contract import State, TracedEvent


def states(events: list[TracedEvent]) -> dict[str, dict[str, State]]:
    """Say how each group got on with each event."""
    return {one.event: {delivery.group: delivery.state for delivery in one.deliveries} for one in events}


async def told(bus: Work) -> None:
    """Subscribe to `first`, which leads to `second` and, in a group that fails, to nothing."""

    async def lead_on(_payload: Any) -> None:
        await bus.publish("second", 2, key="k")

    async def fail(_payload: Any) -> None:
        raise ValueError("no")

    subscribe(bus, "first", lead_on)
    subscribe(bus, "first", fail, retries=1, backoff=0)
    subscribe(bus, "second", Listener().handle)


async def test_the_tree_of_one_request_has_its_events_and_what_became_of_them(bus: Work) -> None:
    await told(bus)
    await bus.on_ready()
    before = datetime.now(UTC)

    first_id = await publish_in(bus, REQUEST, "first")
    await settled(bus)
    first, second = await bus.trace("trace-1")

    assert (first.event, first.event_id, first.parent_id, first.key) == ("first", first_id, "request-1", "")
    assert (second.event, second.parent_id, second.key) == ("second", first_id, "k")
    assert first.trace_id == second.trace_id == "trace-1"
    assert before <= first.published_at_utc <= second.published_at_utc <= datetime.now(UTC)
    failed, led_on = sorted(first.deliveries, key=lambda delivery: delivery.group)
    assert (failed.group, failed.state, failed.attempts) == ("made.listener.fail", "dead", 2)
    assert failed.error == "ValueError: no"
    assert (led_on.group, led_on.state, led_on.attempts) == ("made.listener.lead_on", "done", 1)
    assert led_on.error == ""
    assert all(one.ended_at_utc and one.ended_at_utc >= before for one in first.deliveries)


async def test_the_tree_says_what_waits_and_what_is_under_way(bus: Work, home: Home) -> None:
    gate = Gate()
    subscribe(bus, "first", gate.handle)
    subscribe(bus, "second", gate.handle)
    await bus.on_ready()

    await publish_in(bus, REQUEST, "first")
    await gate.began.wait()
    token = trace.set(REQUEST)
    await bus.publish("second", 1, delay=600)
    trace.reset(token)
    found = await bus.trace("trace-1")

    assert states(found) == {
        "first": {"made.listener.handle": "claimed"},
        # whom it is for is found out when the broker brings it
        "second": {} if home.name in BROKERS else {"made.listener.handle": "waiting"},
    }
    assert {delivery.ended_at_utc for event in found for delivery in event.deliveries} == {None}
    gate.opened.set()
    await settled(bus, but=1)


async def test_the_events_of_a_tree_are_listed_oldest_first(bus: Work) -> None:
    async def lead_on(number: int) -> None:
        if number < 10:
            await bus.publish("led.on", number + 1)

    subscribe(bus, "led.on", lead_on)
    await bus.on_ready()

    await publish_in(bus, REQUEST, "led.on", 1)
    await settled(bus)
    found = await bus.trace("trace-1")

    assert len(found) == 10
    assert [one.parent_id for one in found] == ["request-1", *[one.event_id for one in found[:-1]]]


async def test_an_event_that_nobody_subscribes_to_is_a_leaf_of_the_tree(bus: Work) -> None:
    await bus.on_ready()

    event_id = await publish_in(bus, REQUEST, "said")

    (found,) = await bus.trace("trace-1")
    assert (found.event, found.event_id, found.parent_id, found.deliveries) == ("said", event_id, "request-1", [])


async def test_the_tree_has_nothing_of_another_request(bus: Work) -> None:
    subscribe(bus, "said", Listener().handle)
    await bus.on_ready()

    await publish_in(bus, REQUEST, "said")
    await publish_in(bus, Trace("trace-2", "request-2"), "said")
    alone = await bus.publish("said", 1)
    await settled(bus)

    assert [one.parent_id for one in await bus.trace("trace-1")] == ["request-1"]
    assert [one.parent_id for one in await bus.trace("trace-2")] == ["request-2"]
    assert [one.parent_id for one in await bus.trace(alone)] == [""]
    assert await bus.trace("of nobody") == []


async def test_what_a_responder_publishes_belongs_to_the_request_that_asked(bus: Work) -> None:
    async def answer(_payload: Any) -> None:
        await bus.publish("said", 1)

    reply(bus, "asked", answer)
    subscribe(bus, "said", Listener().handle)
    await bus.on_ready()
    token = trace.set(REQUEST)

    await bus.request("asked", 1)
    trace.reset(token)
    await settled(bus)

    assert [one.event for one in await bus.trace("trace-1")] == ["said"]


@durable
async def test_the_tree_is_right_after_a_restart(home: Home) -> None:
    first, gate = await home.boot(), Gate()
    await told(first)
    await first.on_ready()
    await publish_in(first, REQUEST, "first")
    await settled(first)
    before = await first.trace("trace-1")
    await home.end(first)

    second = await home.boot()
    subscribe(second, "first", gate.handle)
    await second.on_ready()

    assert await second.trace("trace-1") == before


@durable
async def test_an_event_keeps_its_cause_over_a_restart(home: Home) -> None:
    first, seen = await home.boot(), list[Trace]()
    subscribe(first, "said", Listener().handle, group="g")
    await first.on_ready()
    token = trace.set(REQUEST)
    event_id = await first.publish("said", 1, delay=0.3)
    trace.reset(token)
    await home.end(first)

    async def handle(_payload: Any) -> None:
        seen.append(trace.get())

    second = await home.boot()
    subscribe(second, "said", handle, group="g")
    await second.on_ready()
    await settled(second)

    assert seen == [Trace("trace-1", "request-1", event_id, "request-1")]


@durable
@pytest.mark.parametrize("restart_at", [1, 8, 16])
async def test_a_restart_does_not_lengthen_a_chain(home: Home, restart_at: int) -> None:
    seen = list[int]()

    async def started() -> Work:
        work = await home.boot()

        async def handle(number: int) -> None:
            seen.append(number)
            await work.publish("again", number + 1, delay=0.3 if number == restart_at else 0)

        subscribe(work, "again", handle, retries=0)
        await work.on_ready()
        return work

    first = await started()
    await first.publish("again", 1)
    await until(lambda: restart_at in seen)
    await home.end(first)
    second = await started()
    await settled(second)

    (error,) = await errors(second)
    assert seen == list(range(1, 17))
    assert error.startswith("ChainError: event_bus refuses 'again' after 16 events")


async def test_the_tree_says_what_became_of_a_dead_letter_that_was_replayed(bus: Work) -> None:
    broken = Broken()
    subscribe(bus, "first", broken.handle, retries=0)
    await bus.on_ready()
    await publish_in(bus, REQUEST, "first")
    await settled(bus)
    (letter,) = await bus.dead_letters()
    broken.is_broken = False

    await bus.replay(letter.id)
    await settled(bus)

    ((delivery,),) = [one.deliveries for one in await bus.trace("trace-1")]
    assert (delivery.state, delivery.attempts, delivery.error) == ("done", 1, "")
