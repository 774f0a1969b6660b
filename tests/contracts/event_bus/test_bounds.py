"""Too much at once: who publishes waits for room, and is told when there is none."""

import asyncio
from itertools import pairwise

import pytest

from tests.contracts.event_bus.plugins import Gate, Listener, Work, errors, reply, settled, subscribe, until
from tests.contracts.event_bus.works import Home, durable, in_memory
from tools.db.contract import Db
from tools.event_bus.contract import BusFull, ChainError


async def full(home: Home, wait_s: str) -> tuple[Work, Gate, Listener]:
    """Have a bus on which a `said` more is one too many for the first of two subscribers."""
    bus, gate, other = await home.boot(EVENT_BUS_QUEUE="2", EVENT_BUS_WAIT_S=wait_s), Gate(), Listener()
    subscribe(bus, "said", gate.handle)
    subscribe(bus, "said", other.handle, "made.other")
    await bus.on_ready()
    await bus.publish("said", 1)
    await bus.publish("said", 2)
    return bus, gate, other


@in_memory
async def test_a_publish_waits_for_room(home: Home) -> None:
    bus, gate, _other = await full(home, "60")
    waiting = asyncio.create_task(bus.publish("said", 3))
    await gate.began.wait()
    assert not waiting.done()

    gate.opened.set()
    assert await waiting
    await settled(bus)

    assert gate.seen == [1, 2, 3]


@in_memory
async def test_publishers_that_wait_go_on_in_the_order_of_their_coming(home: Home) -> None:
    bus, gate, _other = await full(home, "60")
    waiting = [asyncio.create_task(bus.publish("said", number)) for number in range(3, 30)]
    await gate.began.wait()

    gate.opened.set()
    await asyncio.gather(*waiting)
    await settled(bus)

    assert gate.seen == list(range(1, 30))


@in_memory
async def test_a_publish_is_refused_when_there_is_no_room_in_time(home: Home) -> None:
    bus, gate, _other = await full(home, "0.01")

    with pytest.raises(BusFull) as refused:
        await bus.publish("said", 3)
    gate.opened.set()

    assert (refused.value.status, refused.value.retry_after_s) == (503, 1)
    assert str(refused.value) == (
        "event_bus kept 'said' for nobody, as the queue of made.listener.handle is full: "
        "make the subscribers faster, or raise EVENT_BUS_QUEUE"
    )


@in_memory
async def test_a_refused_event_reaches_no_subscriber_at_all(home: Home) -> None:
    bus, gate, other = await full(home, "0")
    await until(lambda: other.seen == [1, 2])

    with pytest.raises(BusFull):
        await bus.publish("said", 3)
    gate.opened.set()
    await settled(bus)

    assert (gate.seen, other.seen) == ([1, 2], [1, 2])


@in_memory
async def test_a_publish_that_is_cancelled_while_it_waits_queues_nothing(home: Home) -> None:
    bus, gate, _other = await full(home, "60")
    waiting = asyncio.create_task(bus.publish("said", 3))
    await gate.began.wait()

    waiting.cancel()
    await asyncio.wait({waiting})
    gate.opened.set()
    await bus.publish("said", 4)
    await settled(bus)

    assert gate.seen == [1, 2, 4]


@in_memory
async def test_another_event_does_not_wait_for_room_of_the_full_one(home: Home) -> None:
    bus, gate, _other = await full(home, "0")

    assert await bus.publish("nobody.listens", 1)

    gate.opened.set()


@in_memory
async def test_a_callback_that_finds_its_own_queue_full_is_refused_at_once(home: Home) -> None:
    bus = await home.boot(EVENT_BUS_QUEUE="1", EVENT_BUS_WAIT_S="60")

    async def handle(number: int) -> None:
        await bus.publish("said", number + 1)

    subscribe(bus, "said", handle, retries=0)
    await bus.on_ready()

    await bus.publish("said", 1)
    await settled(bus)

    (error,) = await errors(bus)
    assert error.startswith("BusFull: ")


@in_memory
async def test_a_publisher_that_waits_for_room_goes_on_when_the_full_subscription_is_undone(home: Home) -> None:
    bus, gate = await home.boot(EVENT_BUS_QUEUE="1", EVENT_BUS_WAIT_S="60"), Gate()
    undo = subscribe(bus, "said", gate.handle)
    await bus.on_ready()
    await bus.publish("said", 1)
    waiting = asyncio.create_task(bus.publish("said", 2))
    await gate.began.wait()

    undo.close()
    await waiting

    gate.opened.set()


@durable
async def test_where_all_is_stored_the_bound_is_that_of_what_waits_in_the_database(home: Home) -> None:
    bus, gate = await home.boot(EVENT_BUS_STORED="10", EVENT_BUS_WAIT_S="0.05"), Gate()
    subscribe(bus, "said", gate.handle)
    await bus.on_ready()
    for number in range(10):
        await bus.publish("said", number)

    with pytest.raises(BusFull) as refused:
        async with asyncio.timeout(10):
            while True:  # what waits is estimated, and counted every now and then; and a broker keeps some
                await bus.publish("said", "more")
    gate.opened.set()
    await settled(bus)
    await bus.publish("said", "room again")
    await settled(bus)

    assert refused.value.status == 503
    assert gate.seen[-1] == "room again"


@durable
async def test_events_of_rolled_back_transactions_take_no_room(home: Home, db: Db) -> None:
    bus, listener = await home.boot(db, EVENT_BUS_STORED="10"), Listener()
    subscribe(bus, "said", listener.handle)
    await bus.on_ready()

    for _ in range(5):
        with pytest.raises(ZeroDivisionError):
            async with db.transaction():
                await bus.publish("said", "undone")
                await bus.publish("said", "undone")
                raise ZeroDivisionError
    await bus.publish("said", "there is room")  # at the latest when what waits is counted the next time
    await settled(bus)

    assert listener.seen == ["there is room"]


async def test_a_burst_arrives_whole_and_in_order(bus: Work, home: Home) -> None:
    count, listener = 2_000 if home.is_durable else 100_000, Listener()
    subscribe(bus, "counted", listener.handle)
    await bus.on_ready()
    tasks = len(asyncio.all_tasks())

    for number in range(count):
        await bus.publish("counted", number)
    assert len(asyncio.all_tasks()) < tasks + 100  # and not one for each event
    await settled(bus)

    assert listener.seen == list(range(count))


async def test_a_burst_leaves_the_event_loop_to_others(bus: Work, home: Home) -> None:
    count, turns, is_over = 2_000 if home.is_durable else 100_000, list[int](), asyncio.Event()
    listener = Listener()
    subscribe(bus, "counted", listener.handle)
    await bus.on_ready()

    async def others() -> None:
        while not is_over.is_set():
            turns.append(len(listener.seen))
            await asyncio.sleep(0)

    other = asyncio.create_task(others())
    for number in range(count):
        await bus.publish("counted", number)
    await settled(bus)
    is_over.set()
    await other

    steps = [after - before for before, after in pairwise(turns)]
    assert len(turns) > count / 1_000
    assert max(steps) <= 1_000  # so many events at most were handled between two turns of others


async def test_events_that_cause_each_other_without_end_are_stopped_after_16(bus: Work) -> None:
    seen = list[int]()

    async def handle(number: int) -> None:
        seen.append(number)
        await bus.publish("again", number + 1)

    subscribe(bus, "again", handle, retries=0)
    await bus.on_ready()

    await bus.publish("again", 1)
    await settled(bus)

    (error,) = await errors(bus)
    assert seen == list(range(1, 17))
    assert error.startswith("ChainError: event_bus refuses 'again' after 16 events that caused each other, again -> ")


async def test_requests_that_cause_each_other_without_end_are_stopped_after_16(bus: Work) -> None:
    async def answer(number: int) -> int:
        try:
            return int(await bus.request("again", number + 1))
        except ChainError:
            return number

    reply(bus, "again", answer)
    await bus.on_ready()

    assert await bus.request("again", 1) == 16
