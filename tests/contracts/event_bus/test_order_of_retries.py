"""What is retried keeps its place, and holds up nobody but those behind it."""

import pytest

from tests.contracts.event_bus.plugins import Broken, Listener, Work, settled, subscribe, until
from tools.event_bus.contract import Envelope


@pytest.mark.parametrize("key", ["", "one"], ids=["without a key", "with a key"])
async def test_the_order_holds_over_retries(bus: Work, key: str) -> None:
    seen = list[tuple[int, int]]()

    async def handle(number: int, envelope: Envelope) -> None:
        seen.append((number, envelope.attempt))
        if number % 2 and envelope.attempt < 3:
            raise ValueError(number)

    subscribe(bus, "counted", handle, retries=2, backoff=0.02)
    await bus.on_ready()

    for number in range(4):
        await bus.publish("counted", number, key=key)
    await settled(bus)

    assert seen == [(0, 1), (1, 1), (1, 2), (1, 3), (2, 1), (3, 1), (3, 2), (3, 3)]


async def test_an_event_that_is_retried_holds_up_its_own_key_only(bus: Work) -> None:
    broken, fine = Broken(), Listener()

    async def handle(number: int, envelope: Envelope) -> None:
        await (broken if envelope.key == "broken" else fine).handle(number)

    subscribe(bus, "counted", handle, retries=900, backoff=0.01)
    await bus.on_ready()

    for number in range(10):
        await bus.publish("counted", number, key="broken")
        await bus.publish("counted", number, key="fine")
    await until(lambda: len(fine.seen) == 10 and broken.calls > 2)

    assert broken.seen == []
    broken.is_broken = False
    await settled(bus)
    assert broken.seen == fine.seen == list(range(10))


async def test_keys_that_are_retried_take_no_places_from_others(bus: Work) -> None:
    broken, fine = Broken(), Listener()

    async def handle(number: int, envelope: Envelope) -> None:
        await (fine if envelope.key == "fine" else broken).handle(number)

    subscribe(bus, "counted", handle, retries=1, backoff=600)
    await bus.on_ready()

    for number in range(20):  # more than are handled at once, and each waits for up to a minute
        await bus.publish("counted", number, key=str(number))
    await until(lambda: broken.calls >= 20)
    await bus.publish("counted", 1, key="fine")
    await until(lambda: fine.seen)

    assert broken.seen == []


async def test_an_event_that_failed_for_good_lets_the_next_of_its_key_go_on(bus: Work) -> None:
    seen = list[int]()

    async def handle(number: int) -> None:
        if number == 1:
            raise ValueError(number)
        seen.append(number)

    subscribe(bus, "counted", handle, retries=1, backoff=0)
    await bus.on_ready()

    for number in range(4):
        await bus.publish("counted", number, key="one")
    await settled(bus)

    assert seen == [0, 2, 3]
    assert [(letter.payload, letter.key) for letter in await bus.dead_letters()] == [(1, "one")]
