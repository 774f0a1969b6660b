"""R17 and R18: what subscribers, publishers and responders may do to an in-process bus, in memory and on a log."""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from hookspecs import Refusal
from tests.tools.event_bus.torture.roles import Order
from tests.tools.event_bus.torture.stage import Stage, booted, ended, hook, settled, subscribe, until
from tools.event_bus.contract import BusFull, ChainError, NobodyRepliesError, ReplyError, RequestTimeoutError

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]
BURST, PUBLISHERS = 100_000, 32
Boot = Callable[..., Awaitable[Stage]]


@pytest.fixture(params=["memory://", "db://"])
def transport(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def boot(transport: str, sqlite_url: str) -> AsyncIterator[Boot]:
    stages = list[Stage]()

    async def boot(**settings: str) -> Stage:
        stages.append(await booted(sqlite_url, EVENT_BUS_URL=transport, **settings))
        return stages[-1]

    yield boot
    for stage in stages:
        await ended(stage)


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
    assert sorted(stalls)[int(len(stalls) * 0.99)] < 0.5  # a tenth of that where the machine has nothing else to do


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


# ------------------------------------------------------------ R18: requests

TIMES = 100


def waiters(stage: Stage) -> int:
    """Count what is left of requests: tasks of answers, and futures that somebody awaits."""
    return len(stage.hooks._exchange.under_way)


async def asked(stage: Stage, **how: Any) -> list[BaseException | Any]:
    return await asyncio.gather(
        *(stage.bus.request("price.asked", Order(number), **how) for number in range(TIMES)), return_exceptions=True
    )


async def answering(boot: Boot, callback: Callable[..., object]) -> Stage:
    stage = await boot()
    with hook("made.responder"):
        stage.bus.reply("price.asked", callback)
    await stage.hooks.on_ready()
    return stage


async def test_100_requests_that_nobody_replies_to(boot: Boot) -> None:
    stage = await boot()
    await stage.hooks.on_ready()
    tasks = len(asyncio.all_tasks())

    answers = await asked(stage)

    assert {(type(one), one.status) for one in answers if isinstance(one, Refusal)} == {(NobodyRepliesError, 503)}
    assert (len(answers), waiters(stage), len(asyncio.all_tasks())) == (TIMES, 0, tasks)


async def test_a_second_responder_is_refused_and_100_requests_go_to_the_first(boot: Boot) -> None:
    stage = await answering(boot, first)
    with hook("made.other"), pytest.raises(ValueError, match="remove one of the two"):
        stage.bus.reply("price.asked", first)

    answers = await asked(stage)

    assert (answers, waiters(stage)) == ([{"price": n} for n in range(TIMES)], 0)


async def first(order: Order) -> dict[str, int]:
    await asyncio.sleep(0)
    return {"price": order.n}


async def test_100_answers_that_come_late(boot: Boot) -> None:
    ended_late = list[int]()

    async def answer(order: Order) -> int:
        with contextlib.suppress(asyncio.CancelledError):  # it goes on, as a thread would
            await asyncio.sleep(0.3)
        await asyncio.sleep(0.1)
        ended_late.append(order.n)
        return order.n

    stage = await answering(boot, answer)

    answers = await asked(stage, timeout=0.1)
    await until(lambda: len(ended_late) == TIMES)
    await until(lambda: not waiters(stage))

    assert {(type(one), one.status) for one in answers if isinstance(one, Refusal)} == {(RequestTimeoutError, 504)}
    assert len(answers) == TIMES


async def test_100_responders_that_fail_or_end(boot: Boot, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)

    async def answer(order: Order) -> int:
        await asyncio.sleep(0)
        raise (ValueError, SystemExit, asyncio.CancelledError, GeneratorExit)[order.n % 4]("crash")

    stage = await answering(boot, answer)

    answers = await asked(stage)

    assert {type(one) for one in answers} == {ReplyError}
    assert (len(answers), waiters(stage)) == (TIMES, 0)


async def test_100_who_ask_and_do_not_wait_any_more(boot: Boot) -> None:
    async def answer(order: Order) -> int:
        await asyncio.Event().wait()
        return order.n

    stage = await answering(boot, answer)

    asking = [asyncio.create_task(stage.bus.request("price.asked", Order(n))) for n in range(TIMES)]
    await until(lambda: waiters(stage) == TIMES)
    for one in asking:
        one.cancel()
    ends = await asyncio.gather(*asking, return_exceptions=True)
    await until(lambda: not waiters(stage))

    assert {type(one) for one in ends} == {asyncio.CancelledError}
