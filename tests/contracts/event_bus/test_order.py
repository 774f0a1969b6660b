"""In order: all without a key, one at a time; those with keys for each key, several keys side by side."""

import asyncio
from typing import Any

import pytest

from tests.contracts.event_bus.plugins import ByKey, Gate, Listener, Work, settled, subscribe, until
from tests.contracts.event_bus.works import Home, durable


async def test_events_without_a_key_come_one_at_a_time_in_order(bus: Work) -> None:
    seen = list[str]()

    async def handle(number: int) -> None:
        seen.append(f"{number} begins")
        await asyncio.sleep(0)
        seen.append(f"{number} ends")

    subscribe(bus, "counted", handle)
    await bus.on_ready()

    for number in range(50):
        await bus.publish("counted", number)
    await settled(bus)

    assert seen == [f"{number} {what}" for number in range(50) for what in ("begins", "ends")]


async def test_events_of_one_key_come_one_at_a_time_in_order(bus: Work) -> None:
    by_key = ByKey()
    subscribe(bus, "counted", by_key.handle)
    await bus.on_ready()

    for number in range(50):
        await bus.publish("counted", number, key="one")
    await settled(bus)

    assert (by_key.seen, by_key.most) == ({"one": list(range(50))}, 1)


async def test_events_of_several_keys_come_in_order_for_each(bus: Work) -> None:
    by_key = ByKey()
    subscribe(bus, "counted", by_key.handle)
    await bus.on_ready()

    for number in range(100):
        await bus.publish("counted", number, key=str(number % 7))
    await settled(bus)

    assert by_key.seen == {str(key): list(range(key, 100, 7)) for key in range(7)}


@pytest.mark.parametrize(
    ("how", "most"), [({}, 8), ({"concurrency": 3}, 3), ({"concurrency": 1}, 1)], ids=["8 by default", "3", "1"]
)
async def test_so_many_keys_are_handled_at_once_and_no_more(bus: Work, how: dict[str, Any], most: int) -> None:
    keys = [str(number) for number in range(20)]
    by_key, witness = ByKey(*keys), ByKey()
    subscribe(bus, "counted", by_key.handle, **how)
    subscribe(bus, "counted", witness.handle, "made.witness", concurrency=20)
    await bus.on_ready()

    for key in keys:
        await bus.publish("counted", key, key=key)
    await until(lambda: by_key.running == most)
    await until(lambda: len(witness.seen) == 20)  # a ninth would have begun meanwhile

    assert by_key.running == most
    by_key.open()
    await settled(bus)
    assert (by_key.most, by_key.seen) == (most, {key: [key] for key in keys})


async def test_a_slow_event_holds_up_its_own_key_only(bus: Work) -> None:
    by_key = ByKey("slow")
    subscribe(bus, "counted", by_key.handle)
    await bus.on_ready()

    for number in range(5):
        await bus.publish("counted", number, key="slow")
        await bus.publish("counted", number, key="fast")
    await until(lambda: len(by_key.seen["fast"]) == 5)

    assert by_key.seen["slow"] == []
    by_key.open()
    await settled(bus)
    assert by_key.seen == {"slow": list(range(5)), "fast": list(range(5))}


async def test_many_events_of_a_slow_key_take_no_places_from_other_keys(bus: Work) -> None:
    by_key = ByKey("slow")
    subscribe(bus, "counted", by_key.handle, concurrency=2)
    await bus.on_ready()

    for number in range(200):
        await bus.publish("counted", number, key="slow")
    await bus.publish("counted", 1, key="fast")
    await until(lambda: by_key.seen["fast"])

    assert by_key.seen["slow"] == []
    by_key.open()
    await settled(bus)
    assert by_key.seen["slow"] == list(range(200))


async def test_a_key_and_no_key_do_not_wait_for_each_other(bus: Work) -> None:
    by_key = ByKey("slow", "")
    subscribe(bus, "counted", by_key.handle)
    await bus.on_ready()

    await bus.publish("counted", 1, key="slow")
    await bus.publish("counted", 2)
    await bus.publish("counted", 3, key="fast")
    await until(lambda: by_key.seen["fast"] and by_key.running == 2)

    by_key.open()
    await settled(bus)
    assert by_key.seen == {"slow": [1], "": [2], "fast": [3]}


async def test_a_key_of_one_group_does_not_wait_for_the_same_key_of_another(bus: Work) -> None:
    slow, fast = ByKey("one"), ByKey()
    subscribe(bus, "counted", slow.handle, "made.slow")
    subscribe(bus, "counted", fast.handle, "made.fast")
    await bus.on_ready()

    for number in range(5):
        await bus.publish("counted", number, key="one")
    await until(lambda: len(fast.seen["one"]) == 5)

    assert slow.seen["one"] == []
    slow.open()
    await settled(bus)


@pytest.mark.parametrize("key", ["", "one"], ids=["without a key", "with a key"])
async def test_who_publishes_while_others_are_handled_comes_after_them(bus: Work, key: str) -> None:
    gate = Gate()
    subscribe(bus, "counted", gate.handle)
    await bus.on_ready()

    await bus.publish("counted", 0, key=key)
    await gate.began.wait()
    for number in range(1, 20):
        await bus.publish("counted", number, key=key)
    gate.opened.set()
    await settled(bus)

    assert gate.seen == list(range(20))


@durable
async def test_what_was_due_between_two_processes_comes_in_the_order_of_its_times(home: Home) -> None:
    first, gate, rest = await home.boot(), Gate(), Listener()
    subscribe(first, "said", gate.handle, group="g")
    await first.on_ready()
    for payload, delay in (("third", 0.9), ("first", 0.7), ("second", 0.8), ("at once", 0), ("then", 0)):
        await first.publish("said", payload, delay=delay)
    await gate.began.wait()

    ending = asyncio.create_task(home.end(first))
    await asyncio.sleep(0)
    gate.opened.set()
    await ending
    await asyncio.sleep(0.9)
    second = await home.boot()
    subscribe(second, "said", rest.handle, group="g")
    await second.on_ready()
    await settled(second)

    assert gate.seen + rest.seen == ["at once", "then", "first", "second", "third"]
