"""How many events may be stored, and who counts."""

import pytest

from tests.tools.event_bus.torture.roles import Order
from tests.tools.event_bus.torture.stage import Stage, booted, ended, settled, standing, subscribe
from tools.event_bus.contract import BusFull


class Seen:
    """A callback that keeps what it got."""

    def __init__(self) -> None:
        self.numbers = list[int]()

    async def handle(self, order: Order) -> None:
        self.numbers.append(order.n)


async def published(stage: Stage, event: str, amount: int) -> None:
    async with stage.db.transaction():
        for number in range(amount):
            await stage.bus.publish(event, Order(number))


async def test_what_a_process_handled_for_others_is_no_room_for_what_it_publishes(url: str) -> None:
    gone, seen = await booted(url), Seen()
    subscribe(gone, "order.shipped", Seen().handle, group="gone")  # so that it waits, and nobody claims it
    await gone.hooks.on_ready()
    await ended(gone)
    stage = await booted(url, EVENT_BUS_STORED="100", EVENT_BUS_WAIT_S="0.05")
    subscribe(stage, "order.placed", seen.handle)
    await stage.hooks.on_ready()
    async with standing(url) as other:
        await published(other, "order.placed", 300)
    await settled(stage, 10)

    stored = 0
    with pytest.raises(BusFull):
        for stored in range(500):
            await stage.bus.publish("order.shipped", Order(stored))
    await ended(stage)

    assert (len(seen.numbers), stored) == (300, 100)


async def test_what_a_group_left_that_is_gone_for_good_takes_no_room(url: str) -> None:
    gone, seen = await booted(url), Seen()
    subscribe(gone, "order.shipped", Seen().handle, group="gone")
    await gone.hooks.on_ready()
    await ended(gone)
    async with standing(url) as other:
        await published(other, "order.shipped", 60)
        await other.db.execute("UPDATE _event_groups SET seen_at = seen_at - 7200 WHERE grp = 'gone'")

    stage = await booted(url, EVENT_BUS_STORED="50", EVENT_BUS_WAIT_S="0.05")
    subscribe(stage, "order.placed", seen.handle)
    await stage.hooks.on_ready()
    await published(stage, "order.placed", 40)
    await settled(stage, 10)
    left = await stage.bus.failed()
    await ended(stage)

    assert (len(seen.numbers), left) == (40, {"gone": 60})
