"""R17: what subscribers and publishers may do to an in-process bus, in memory and on a log."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.tools.event_bus.torture.roles import Order
from tests.tools.event_bus.torture.stage import Stage, settled, subscribe, until
from tools.event_bus.contract import BusFull, ChainError

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]
BURST, PUBLISHERS = 100_000, 32
Boot = Callable[..., Awaitable[Stage]]


async def test_what_raises_is_a_dead_letter_and_in_the_log(boot: Boot, caplog: pytest.LogCaptureFixture) -> None:
    stage, seen = await boot(), list[int]()

    async def handle(order: Order) -> None:
        seen.append(order.n)
        if order.n % 10 == 3:
            raise ValueError(order.n)

    subscribe(stage, "order.placed", handle, retries=1, backoff=0)
    await stage.hooks.on_ready()
    for number in range(100):
        await stage.bus.publish("order.placed", Order(number))
    await settled(stage)

    letters = await stage.bus.dead_letters()
    assert [one.payload["n"] for one in letters] == list(range(3, 100, 10))
    assert {(one.error, one.attempts) for one in letters} == {(f"ValueError: {n}", 2) for n in range(3, 100, 10)}
    assert seen == sorted([*range(100), *range(3, 100, 10)])
    assert sum("for good" in one.message for one in caplog.records) == 10


async def test_what_is_slow_delays_its_publisher_where_there_is_no_room_and_no_other_group(
    boot: Boot, transport: str
) -> None:
    stage = await boot(EVENT_BUS_QUEUE="10", EVENT_BUS_STORED="10", EVENT_BUS_WAIT_S="0.2")
    goes_on, slow, quick = asyncio.Event(), list[int](), list[int]()

    async def wait(order: Order) -> None:
        await goes_on.wait()
        slow.append(order.n)

    async def handle(order: Order) -> None:
        quick.append(order.n)

    subscribe(stage, "order.placed", wait, group="slow")
    subscribe(stage, "order.placed", handle, group="quick")
    await stage.hooks.on_ready()
    refused = taken = 0
    while not refused:
        try:
            await stage.bus.publish("order.placed", Order(taken))
            taken += 1
        except BusFull as error:
            refused, status = 1, error.status
    await until(lambda: quick == list(range(taken)))
    goes_on.set()
    await settled(stage)

    assert (slow, status) == (quick, 503)
    assert taken <= 11 * (1 if transport == "memory://" else 2)


async def test_an_event_that_causes_itself_ends_at_the_depth_limit(boot: Boot) -> None:
    stage, depths = await boot(), list[int]()

    async def publish_again(order: Order) -> None:
        depths.append(order.n)
        await stage.bus.publish("order.placed", Order(order.n + 1))

    subscribe(stage, "order.placed", publish_again, retries=0)
    await stage.hooks.on_ready()
    await stage.bus.publish("order.placed", Order(1))
    await settled(stage)

    (letter,) = await stage.bus.dead_letters()
    assert depths == list(range(1, 17))
    assert letter.error.startswith(ChainError.__name__)


async def test_what_a_subscriber_does_to_its_payload_nobody_else_sees(boot: Boot) -> None:
    stage, seen, mine = await boot(), list[Any](), {"items": [1, 2]}

    async def spoil(payload: dict[str, Any]) -> None:
        payload["items"].append(3)
        payload["more"] = 1
        seen.append(payload)

    subscribe(stage, "order.placed", spoil, group="one")
    subscribe(stage, "order.placed", spoil, group="two")
    await stage.hooks.on_ready()
    await stage.bus.publish("order.placed", mine)
    mine["items"].clear()
    await settled(stage)

    assert seen == [{"items": [1, 2, 3], "more": 1}] * 2


async def test_a_burst_of_100_000_is_bounded_in_order_and_does_not_stop_the_event_loop(
    boot: Boot, transport: str
) -> None:
    stage, seen, stalls, tasks = await boot(), list[int](), list[float](), list[int]()

    async def handle(order: Order) -> None:
        seen.append(order.n)

    async def measure() -> None:
        while True:
            before_s = time.monotonic()
            await asyncio.sleep(0.005)
            stalls.append(time.monotonic() - before_s - 0.005)
            tasks.append(len(asyncio.all_tasks()))

    async def publish(numbers: Any) -> None:
        for number in numbers:
            await stage.bus.publish("order.placed", Order(number))

    subscribe(stage, "order.placed", handle)
    await stage.hooks.on_ready()
    measuring, began_s = asyncio.create_task(measure()), time.monotonic()
    async with asyncio.TaskGroup() as publishers:
        for first in range(PUBLISHERS):
            publishers.create_task(publish(range(first, BURST, PUBLISHERS)))
    published_s = time.monotonic() - began_s
    await settled(stage, 120)
    lasted_s = time.monotonic() - began_s
    measuring.cancel()

    print(f"{transport}: {BURST / lasted_s:.0f}/s, {published_s:.1f} s published, {max(tasks)} tasks")
    print(f"longest stall {max(stalls) * 1_000:.0f} ms")
    assert sorted(seen) == list(range(BURST))
    for first in range(PUBLISHERS):  # what is published at the same time has no order
        mine = [number for number in seen if number % PUBLISHERS == first]
        assert mine == sorted(mine)
    assert max(tasks) < PUBLISHERS + 60
    assert sorted(stalls)[int(len(stalls) * 0.99)] < 2  # a tenth of that where the machine has nothing else to do


async def test_what_waits_at_the_stop_is_handled_or_kept(boot: Boot, transport: str, sqlite_url: str) -> None:
    stage, seen = await boot(), list[int]()

    async def handle(order: Order) -> None:
        await asyncio.sleep(0.001)
        seen.append(order.n)

    subscribe(stage, "order.placed", handle)
    await stage.hooks.on_ready()
    for number in range(300):
        await stage.bus.publish("order.placed", Order(number))
    await stage.hooks.on_shutdown()
    if transport == "db://":
        next_one = await boot()
        subscribe(next_one, "order.placed", handle)
        await next_one.hooks.on_ready()
        await settled(next_one)

    assert seen == list(range(300))
