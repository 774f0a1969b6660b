"""Each group gets each event."""

import asyncio
from typing import Any

import pytest

from tests.contracts.event_bus.plugins import Gate, Listener, Work, hook, settled, subscribe, until
from tools.event_bus.contract import Envelope


async def test_an_event_reaches_every_subscriber_of_its_name_and_no_other(bus: Work) -> None:
    first, second, other = Listener(), Listener(), Listener()
    subscribe(bus, "user.created", first.handle, "made.first")
    subscribe(bus, "user.created", second.handle, "made.second")
    subscribe(bus, "user.deleted", other.handle)
    await bus.on_ready()

    await bus.publish("user.created", {"id": 1})
    await settled(bus)

    assert (first.seen, second.seen, other.seen) == ([{"id": 1}], [{"id": 1}], [])


async def test_an_event_without_subscribers_is_taken(bus: Work) -> None:
    await bus.on_ready()

    assert await bus.publish("nobody.listens", {})

    await settled(bus)
    assert await bus.dead_letters() == []


async def test_each_event_has_an_id_of_its_own_which_publish_returns(bus: Work) -> None:
    seen = list[str]()

    async def handle(_payload: Any, envelope: Envelope) -> None:
        seen.append(envelope.event_id)

    subscribe(bus, "said", handle)
    await bus.on_ready()

    ids = [await bus.publish("said", 1) for _ in range(20)]
    await settled(bus)

    assert seen == ids
    assert len(set(ids)) == 20


async def test_the_groups_of_an_event_know_it_by_one_id(bus: Work) -> None:
    seen = set[tuple[str, str]]()

    async def first(_payload: Any, envelope: Envelope) -> None:
        seen.add(("first", envelope.event_id))

    async def second(_payload: Any, envelope: Envelope) -> None:
        seen.add(("second", envelope.event_id))

    subscribe(bus, "said", first)
    subscribe(bus, "said", second)
    await bus.on_ready()

    event_id = await bus.publish("said", 1)
    await settled(bus)

    assert seen == {("first", event_id), ("second", event_id)}


async def test_a_slow_subscriber_delays_only_itself(bus: Work) -> None:
    slow, fast = Gate(), Listener()
    subscribe(bus, "counted", slow.handle, "made.slow")
    subscribe(bus, "counted", fast.handle, "made.fast")
    await bus.on_ready()

    for number in range(3):
        await bus.publish("counted", number)
    await until(lambda: len(fast.seen) == 3)

    assert slow.seen == []
    slow.opened.set()
    await settled(bus)
    assert (slow.seen, fast.seen) == ([0, 1, 2], [0, 1, 2])


async def test_what_waits_and_what_is_under_way_is_pending(bus: Work) -> None:
    gate = Gate()
    subscribe(bus, "counted", gate.handle, "made.first")
    subscribe(bus, "counted", gate.handle, "made.second")
    await bus.on_ready()

    for number in range(3):
        await bus.publish("counted", number)
    await gate.began.wait()

    await settled(bus, but=6)  # each event for each group
    gate.opened.set()
    await settled(bus)
    assert sorted(gate.seen) == [0, 0, 1, 1, 2, 2]


async def test_subscribing_may_be_awaited_and_need_not_be(bus: Work) -> None:
    with hook():
        plain = bus.subscribe("said", lambda payload: None)
        awaited = await bus.subscribe("heard", lambda payload: None)

    assert (plain.event, awaited.event) == ("said", "heard")


async def test_a_group_is_named_by_its_plugin_and_callback_or_as_it_says(bus: Work) -> None:
    with hook():
        default = bus.subscribe("said", Listener().handle)
        named = bus.subscribe("said", Listener().handle, group="audit")

    assert (default.name, named.name) == ("made.listener.handle", "audit")


@pytest.mark.parametrize("how", [{}, {"group": "audit"}], ids=["by default", "by name"])
async def test_a_group_subscribes_to_an_event_once(bus: Work, how: dict[str, Any]) -> None:
    first, second = Listener(), Listener()
    subscribe(bus, "said", first.handle, **how)

    with hook(), pytest.raises(ValueError, match="handle|audit"):
        bus.subscribe("said", second.handle, **how)
    await bus.on_ready()
    await bus.publish("said", 1)
    await settled(bus)

    assert (first.seen, second.seen) == ([1], [])


async def test_a_group_subscribes_to_several_events(bus: Work) -> None:
    listener = Listener()
    subscribe(bus, "said", listener.handle, group="audit")
    subscribe(bus, "heard", listener.handle, group="audit")
    await bus.on_ready()

    await bus.publish("said", 1)
    await bus.publish("heard", 2)
    await settled(bus)

    assert sorted(listener.seen) == [1, 2]


async def test_a_callback_may_publish_what_another_handles(bus: Work) -> None:
    last = Listener()

    async def handle(number: int) -> None:
        await asyncio.sleep(0)
        await bus.publish("second", number)

    subscribe(bus, "first", handle)
    subscribe(bus, "second", last.handle)
    await bus.on_ready()

    for number in range(20):
        await bus.publish("first", number)
    await settled(bus)

    assert last.seen == list(range(20))


async def test_what_many_tasks_publish_at_once_arrives_once_each(bus: Work) -> None:
    listener = Listener()
    subscribe(bus, "counted", listener.handle)
    await bus.on_ready()

    await asyncio.gather(*(bus.publish("counted", number) for number in range(200)))
    await settled(bus)

    assert sorted(listener.seen) == list(range(200))
