"""What `state` does while its Redis is out of reach, and after."""

import asyncio
import random

import pytest

from hookspecs import Refusal
from tests.proxy import Fault, Proxy
from tests.redis_server import RedisServer, server
from tests.tools.state.reach import TIMEOUT_S, Reach, growing, made, open_files
from tools.state.contract import NotIntegerError, StateUnavailableError

FAULTS: list[Fault] = ["refuse", "blackhole", "slow", "reset", "half", "drop"]
LATE_S = 0.35  # what two busy cores may add


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
async def test_each_call_ends_by_itself_and_nothing_grows_and_all_is_well_after(
    redis: RedisServer, way: Proxy, fault: Fault
) -> None:
    files = open_files()
    reach = Reach(way)
    await reach.state.on_boot()
    base, way.delay_s = growing(way), 2 * TIMEOUT_S
    for _ in range(3):
        await way.switch(fault)
        for _ in range(4):
            took_s = await asyncio.gather(*(reach.call() for _ in range(50)))
            assert max(took_s) < TIMEOUT_S + LATE_S
            assert growing(way) == base and way.open_count <= 5
            await asyncio.sleep(0.05)
        await way.switch("pass")
        await reach.is_back()

        before = await reach.state.get("n")
        assert [await reach.state.increment("n") for _ in range(20)] == [before + 1 + one for one in range(20)]

    await reach.state.on_shutdown()
    async with asyncio.timeout(5):
        while way.open_count or open_files() > files:
            await asyncio.sleep(0.01)


async def test_a_slow_answer_within_the_time_is_an_answer(reach: Reach) -> None:
    reach.way.delay_s = TIMEOUT_S / 6
    await reach.way.switch("slow")

    assert await asyncio.gather(*(reach.state.increment("n") for _ in range(5)))
    await reach.state.check_health()


@pytest.mark.parametrize("fault", ["half", "drop", "blackhole"])
async def test_a_call_without_an_answer_was_sent_once(reach: Reach, fault: Fault) -> None:
    await reach.state.set("n", 10)
    await reach.way.switch(fault)
    sent = reach.way.chunks

    await reach.call()

    assert reach.way.chunks == sent + 1
    await reach.way.switch("pass")
    assert await reach.state.get("n") == (10 if fault == "blackhole" else 11)


@pytest.mark.slow
async def test_while_it_is_open_nothing_reaches_for_redis_and_then_one_probe_at_a_time(reach: Reach) -> None:
    await reach.way.switch("blackhole")
    await asyncio.gather(*(reach.call() for _ in range(5)))
    for _ in range(3):
        reached = reach.way.connections
        async with asyncio.timeout(10):
            while reach.way.connections == reached:
                await asyncio.gather(*(reach.call() for _ in range(25)))
                assert reach.way.connections - reached <= 1
                await asyncio.sleep(0)


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["reset", "blackhole", "drop"])
async def test_of_6000_calls_to_a_redis_that_is_away_at_most_a_tenth_reaches_for_it(
    redis: RedisServer, way: Proxy, fault: Fault
) -> None:
    state = made(f"redis://127.0.0.1:{way.port}")  # as it comes: 10 connections, 1 s
    await state.on_boot()
    await way.switch(fault)
    reached = way.connections + way.chunks

    async def call() -> None:
        with pytest.raises(StateUnavailableError):
            await state.increment("n")

    async with asyncio.TaskGroup() as calls:
        for _ in range(600):  # 6 s, 1,000 calls/s
            for _ in range(10):
                calls.create_task(call())
            await asyncio.sleep(0.01)
    reached = way.connections + way.chunks - reached
    print(f"{fault}: {reached} of 6000 reached for Redis")

    assert reached <= 60  # a hundredth
    await state.on_shutdown()


async def test_calls_that_are_cancelled_leave_no_answer_to_the_next_and_no_place_taken(reach: Reach) -> None:
    state, lots = reach.state, random.Random(1)
    for number in range(20):
        await state.set(f"key {number}", number)
    base = growing(reach.way)

    async def read(number: int) -> None:
        assert await state.get(f"key {number}") == number

    for _ in range(20):
        tasks = [asyncio.create_task(read(number)) for number in range(20)]
        for _ in range(lots.randrange(6)):
            await asyncio.sleep(0)
        for task in lots.sample(tasks, 10):
            task.cancel()
        for ended in await asyncio.gather(*tasks, return_exceptions=True):
            assert ended is None or isinstance(ended, asyncio.CancelledError)

    await asyncio.gather(*(read(number) for number in range(20)))
    assert growing(reach.way) == base and reach.way.open_count <= 5


async def test_a_cancelled_probe_makes_room_for_the_next(reach: Reach) -> None:
    await reach.way.switch("blackhole")
    await asyncio.gather(*(reach.call() for _ in range(5)))
    reached = reach.way.connections
    async with asyncio.timeout(10):
        while reach.way.connections == reached:
            probe = asyncio.create_task(reach.state.get("n"))
            await asyncio.wait([probe], timeout=0.05)
            if probe.done():
                assert isinstance(probe.exception(), StateUnavailableError)
            probe.cancel()
    await asyncio.wait([probe])
    await reach.way.switch("pass")

    await reach.is_back()


async def test_a_probe_that_redis_refuses_is_an_answer_too(reach: Reach) -> None:
    await reach.state.set("text", "x")
    await reach.way.switch("reset")
    await asyncio.gather(*(reach.call() for _ in range(10)))
    await reach.way.switch("pass")

    async with asyncio.timeout(8):
        while True:
            with pytest.raises((StateUnavailableError, NotIntegerError)) as caught:
                await reach.state.increment("text")
            if isinstance(caught.value, NotIntegerError):
                break
            await asyncio.sleep(0.02)

    assert await asyncio.gather(*(reach.state.increment("n") for _ in range(20)))


async def test_more_callers_than_connections_wait_their_turn(reach: Reach) -> None:
    assert sorted(await asyncio.gather(*(reach.state.increment("n") for _ in range(300)))) == list(range(1, 301))
    assert reach.way.connections <= 5 + 1


@pytest.mark.slow
async def test_what_was_counted_before_a_kill_is_counted_after_it() -> None:
    with server(is_durable=True) as redis:
        state = made(redis.url, state_timeout_s=TIMEOUT_S)
        await state.on_boot()
        counted, tried = 0, 0
        for _ in range(5):
            asyncio.get_running_loop().call_later(random.uniform(0.02, 0.1), redis.kill)
            with pytest.raises(Refusal):
                while True:
                    tried += 1
                    counted = await state.increment("n")
            redis.start()
            async with asyncio.timeout(8):
                while (held := await _get(state)) is None:
                    await asyncio.sleep(0.01)
            assert counted <= held <= tried
        await state.on_shutdown()


async def _get(state: object) -> int | None:
    try:
        return int(await state.get("n"))  # type: ignore[attr-defined]
    except StateUnavailableError:
        return None
