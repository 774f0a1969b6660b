"""From the boot to the shutdown: when the bus takes events, and what stands meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from tests.contracts.event_bus.plugins import (
    Gate,
    Listener,
    Work,
    facts,
    reply,
    settled,
    subscribe,
    until,
)
from tests.contracts.event_bus.works import Home, in_memory

Call = Callable[[Work], Awaitable[object]]
CALLS: dict[str, Call] = {
    "publish": lambda bus: bus.publish("said", 1),
    "request": lambda bus: bus.request("said", 1),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
async def test_nothing_is_taken_before_ready(bus: Work, call: Call) -> None:
    with pytest.raises(RuntimeError) as refused:
        await call(bus)

    assert str(refused.value) == "event_bus took no 'said', as the system still boots: do it in `on_ready` or later"


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
async def test_nothing_is_taken_after_shutdown(bus: Work, home: Home, call: Call) -> None:
    await bus.on_ready()
    await home.end(bus)

    with pytest.raises(RuntimeError) as refused:
        await call(bus)

    assert str(refused.value) == "event_bus took no 'said', as the system has shut down: do it before"


async def test_one_that_was_never_ready_shuts_down(bus: Work, home: Home) -> None:
    subscribe(bus, "said", Listener().handle)

    await home.end(bus)


async def test_the_shutdown_leaves_no_task_behind(home: Home) -> None:
    before = asyncio.all_tasks()
    bus, listener = await home.boot(), Listener()
    subscribe(bus, "said", listener.handle)
    reply(bus, "asked", lambda payload: payload)
    await bus.on_ready()
    await bus.publish("said", 1)
    await bus.publish("said", "late", delay=600)
    await bus.request("asked", 1)
    await until(lambda: listener.seen)

    await home.end(bus)
    await home.close()  # and the database that it may have

    await until(lambda: asyncio.all_tasks() <= before)


async def test_the_shutdown_ends_what_is_being_handled(bus: Work, home: Home) -> None:
    gate = Gate()
    subscribe(bus, "said", gate.handle)
    await bus.on_ready()
    await bus.publish("said", 1)
    await gate.began.wait()

    ending = asyncio.create_task(home.end(bus))
    await asyncio.sleep(0.05)  # nothing happens in this time, which is what is looked at
    is_waiting = not ending.done()
    gate.opened.set()
    await ending

    assert (is_waiting, gate.seen) == (True, [1])


@in_memory
async def test_in_memory_the_shutdown_waits_for_what_is_queued_and_for_what_that_publishes(
    bus: Work, home: Home
) -> None:
    listener = Listener()

    async def handle(number: int) -> None:
        await asyncio.sleep(0)
        await bus.publish("second", number)

    subscribe(bus, "first", handle)
    subscribe(bus, "second", listener.handle)
    await bus.on_ready()

    for number in range(20):
        await bus.publish("first", number)
    await home.end(bus)

    assert (listener.seen, await bus.pending()) == (list(range(20)), 0)


@in_memory
async def test_in_memory_a_shutdown_that_is_cut_short_says_what_is_lost(
    bus: Work, home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    gate = Gate()
    subscribe(bus, "said", gate.handle)
    await bus.on_ready()
    for number in range(3):
        await bus.publish("said", number)
    await gate.began.wait()

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await home.end(bus)

    assert gate.seen == []
    assert "event_bus lost 3 events at shutdown" in caplog.text
    assert "'made.listener.handle': 3" in caplog.text


async def test_a_subscription_outside_a_hook_is_refused(bus: Work) -> None:
    with pytest.raises(RuntimeError, match="outside a hook"):
        bus.subscribe("said", lambda payload: None)

    assert facts(bus, "subscription") == []


async def test_a_reply_outside_a_hook_is_refused(bus: Work) -> None:
    with pytest.raises(RuntimeError, match="outside a hook"):
        bus.reply("asked", lambda payload: None)

    assert facts(bus, "responder") == []


async def test_what_an_owner_registered_is_gone_when_its_undo_is_closed(bus: Work) -> None:
    listener, other = Listener(), Listener()
    undo = subscribe(bus, "said", listener.handle)
    subscribe(bus, "said", other.handle, "made.other")
    reply_undo = reply(bus, "asked", lambda payload: 1)

    undo.close()
    reply_undo.close()
    await bus.on_ready()
    await bus.publish("said", 1)
    await settled(bus)

    assert (listener.seen, other.seen) == ([], [1])
    assert [fact.owner for fact in facts(bus, "subscription") + facts(bus, "responder")] == ["made.other"]


async def test_a_group_that_was_undone_may_be_subscribed_again(bus: Work) -> None:
    first, second = Listener(), Listener()
    subscribe(bus, "said", first.handle).close()
    subscribe(bus, "said", second.handle)
    await bus.on_ready()

    await bus.publish("said", 1)
    await settled(bus)

    assert (first.seen, second.seen) == ([], [1])


@in_memory
async def test_in_memory_what_was_queued_before_the_undo_is_still_handled(bus: Work, home: Home) -> None:
    gate = Gate()
    undo = subscribe(bus, "said", gate.handle)
    await bus.on_ready()
    await bus.publish("said", 1)
    await bus.publish("said", 2)

    undo.close()
    await bus.publish("said", 3)
    gate.opened.set()
    await home.end(bus)

    assert gate.seen == [1, 2]


async def test_what_is_being_handled_while_it_is_undone_is_ended(bus: Work) -> None:
    gate = Gate()
    undo = subscribe(bus, "said", gate.handle)
    await bus.on_ready()
    await bus.publish("said", 1)
    await gate.began.wait()

    undo.close()
    gate.opened.set()
    await until(lambda: gate.seen)

    assert gate.seen == [1]
