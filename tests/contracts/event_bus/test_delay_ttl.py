"""Later, or not any more."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from tests.contracts.event_bus.plugins import Gate, Listener, Work, settled, subscribe, until
from tests.contracts.event_bus.works import Home, durable
from tools.event_bus.contract import Envelope

YEAR_S = 365 * 86_400


async def states(bus: Work, trace_id: str) -> list[str]:
    """Say what became of each delivery of the events that followed from one that nothing had caused."""
    return [delivery.state for event in await bus.trace(trace_id) for delivery in event.deliveries]


async def test_a_delayed_event_comes_at_its_time_and_not_before(bus: Work) -> None:
    clock, times = asyncio.get_running_loop().time, list[float]()

    async def handle(_payload: Any) -> None:
        times.append(clock())

    subscribe(bus, "said", handle)
    await bus.on_ready()
    before = clock()

    await bus.publish("said", 1, delay=0.3)
    assert await bus.pending() == 1
    await settled(bus)

    assert 0.29 <= times[0] - before < 5  # 0.01: of clocks that are not the same


@pytest.mark.parametrize("key", ["", "one"], ids=["without a key", "with a key"])
async def test_a_delayed_event_delays_nobody(bus: Work, key: str) -> None:
    listener = Listener()
    subscribe(bus, "said", listener.handle)
    await bus.on_ready()

    await bus.publish("said", "late", key=key, delay=600)
    for number in range(3):
        await bus.publish("said", number, key=key)
    await settled(bus, but=1)

    assert listener.seen == [0, 1, 2]


async def test_delayed_events_come_in_the_order_of_their_times(bus: Work) -> None:
    listener = Listener()
    subscribe(bus, "said", listener.handle)
    await bus.on_ready()

    await bus.publish("said", "third", delay=1.2)
    await bus.publish("said", "first", delay=0.4)
    await bus.publish("said", "second", delay=0.8)
    await settled(bus)

    assert listener.seen == ["first", "second", "third"]


async def test_the_shorter_delay_of_a_later_one_is_not_held_up_by_the_longer_one(bus: Work) -> None:
    listener = Listener()
    subscribe(bus, "said", listener.handle)
    await bus.on_ready()

    await bus.publish("said", "late", delay=600)
    await bus.publish("said", "soon", delay=0.05)
    await settled(bus, but=1)

    assert listener.seen == ["soon"]


async def test_a_delay_past_all_timers_is_kept(bus: Work) -> None:
    listener = Listener()
    subscribe(bus, "said", listener.handle)
    await bus.on_ready()

    await bus.publish("said", "next year", delay=YEAR_S)
    await bus.publish("said", "now")
    await settled(bus, but=1)

    assert listener.seen == ["now"]


async def test_the_envelope_says_when_a_delayed_event_is_due(bus: Work) -> None:
    seen = list[Envelope]()

    async def handle(_payload: Any, envelope: Envelope) -> None:
        seen.append(envelope)

    subscribe(bus, "said", handle)
    await bus.on_ready()

    await bus.publish("said", 1, delay=1)
    await bus.publish("said", 2)
    await settled(bus)

    plain, delayed = seen
    assert plain.due_at_utc == plain.published_at_utc
    assert abs(delayed.due_at_utc - delayed.published_at_utc - timedelta(seconds=1)) < timedelta(milliseconds=1)


@pytest.mark.parametrize("delay", [-1, float("nan"), float("inf"), 2 * YEAR_S], ids=str)
async def test_a_delay_out_of_range_is_refused(bus: Work, delay: float) -> None:
    listener = Listener()
    subscribe(bus, "said", listener.handle)
    await bus.on_ready()

    with pytest.raises(ValueError, match="delay"):
        await bus.publish("said", 1, delay=delay)

    assert await bus.pending() == 0


@pytest.mark.parametrize("ttl", [-1, float("nan")], ids=str)
async def test_a_ttl_out_of_range_is_refused(bus: Work, ttl: float) -> None:
    await bus.on_ready()

    with pytest.raises(ValueError, match="ttl"):
        await bus.publish("said", 1, ttl=ttl)


async def test_an_event_that_is_handled_within_its_ttl_is_like_any_other(bus: Work) -> None:
    listener = Listener()
    subscribe(bus, "said", listener.handle)
    await bus.on_ready()

    event_id = await bus.publish("said", 1, ttl=60)
    await settled(bus)

    assert (listener.seen, await states(bus, event_id)) == ([1], ["done"])


async def test_an_event_whose_ttl_is_over_is_not_handled_and_is_no_dead_letter(bus: Work) -> None:
    gate = Gate()
    subscribe(bus, "said", gate.handle)
    await bus.on_ready()

    await bus.publish("said", 1)
    await gate.began.wait()
    late = await bus.publish("said", 2, ttl=0.05)
    await bus.publish("said", 3)
    await asyncio.sleep(0.1)  # the time itself is the condition
    gate.opened.set()
    await settled(bus)

    assert gate.seen == [1, 3]
    assert (await states(bus, late), await bus.dead_letters()) == (["expired"], [])


async def test_a_ttl_counts_from_the_end_of_the_delay(bus: Work) -> None:
    listener = Listener()
    subscribe(bus, "said", listener.handle)
    await bus.on_ready()

    await bus.publish("said", 1, delay=0.8, ttl=0.7)
    await settled(bus)

    assert listener.seen == [1]


async def test_a_ttl_is_each_groups_own_matter(bus: Work) -> None:
    gate, listener = Gate(), Listener()
    subscribe(bus, "said", gate.handle, "made.slow")
    subscribe(bus, "said", listener.handle, "made.fast")
    await bus.on_ready()

    await bus.publish("said", 1)
    await gate.began.wait()
    await bus.publish("said", 2, ttl=1)
    await until(lambda: len(listener.seen) == 2)
    await asyncio.sleep(1.05)
    gate.opened.set()
    await settled(bus)

    assert (gate.seen, listener.seen) == ([1], [1, 2])


@durable
async def test_a_delay_goes_on_over_a_restart(home: Home) -> None:
    first, listener, early = await home.boot(), Listener(), Listener()
    subscribe(first, "said", early.handle)
    await first.on_ready()
    await first.publish("said", "soon", delay=0.6)
    await first.publish("said", "late", delay=600)

    await home.end(first)
    second = await home.boot()
    subscribe(second, "said", listener.handle)
    await second.on_ready()
    await settled(second, but=1)

    assert (early.seen, listener.seen) == ([], ["soon"])


@durable
async def test_what_was_due_between_two_processes_is_handled_by_the_next(home: Home) -> None:
    first, listener = await home.boot(), Listener()
    subscribe(first, "said", Listener().handle)
    await first.on_ready()
    await first.publish("said", 1, delay=0.3)

    await home.end(first)
    await asyncio.sleep(0.35)
    second = await home.boot()
    subscribe(second, "said", listener.handle)
    await second.on_ready()
    await settled(second)

    assert listener.seen == [1]


@durable
async def test_what_expired_between_two_processes_is_not_handled(home: Home) -> None:
    first, listener = await home.boot(), Listener()
    subscribe(first, "said", Listener().handle)
    await first.on_ready()
    late = await first.publish("said", 1, delay=0.3, ttl=0.05)

    await home.end(first)
    await asyncio.sleep(0.4)
    second = await home.boot()
    subscribe(second, "said", listener.handle)
    await second.on_ready()
    await settled(second)

    assert (listener.seen, await states(second, late), await second.dead_letters()) == ([], ["expired"], [])
