"""An attempt has its time; a thread that goes on after it is waited for by the next one, and by no shutdown."""

import asyncio
from typing import Any

import pytest

from tests.contracts.event_bus.plugins import Hanging, Work, errors, settled, subscribe, until
from tests.contracts.event_bus.works import Home, durable, in_memory
from tools.event_bus.contract import Envelope

TOO_LONG = "TimeoutError: made.listener.handle did not end within 0.05 s"


async def test_an_attempt_is_cut_at_its_time_out(bus: Work) -> None:
    seen = list[Any]()

    async def handle(number: int) -> None:
        if number == 1:
            await asyncio.Event().wait()
        seen.append(number)

    subscribe(bus, "said", handle, retries=0, timeout=0.05)
    await bus.on_ready()

    await bus.publish("said", 1)
    await bus.publish("said", 2)
    await settled(bus)

    assert (seen, await errors(bus)) == ([2], [TOO_LONG])


async def test_each_attempt_has_the_whole_time(bus: Work) -> None:
    attempts = list[int]()

    async def handle(_payload: Any, envelope: Envelope) -> None:
        attempts.append(envelope.attempt)
        await asyncio.Event().wait()

    subscribe(bus, "said", handle, retries=2, backoff=0, timeout=0.05)
    await bus.on_ready()
    began = asyncio.get_running_loop().time()

    await bus.publish("said", 1)
    await settled(bus)

    assert (attempts, await errors(bus)) == ([1, 2, 3], [TOO_LONG])
    assert asyncio.get_running_loop().time() - began >= 0.15


async def test_a_callback_that_swallows_its_cancellation_once_has_failed_all_the_same(bus: Work) -> None:
    async def handle(_payload: Any) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)  # cleans up

    subscribe(bus, "said", handle, retries=0, timeout=0.05)
    await bus.on_ready()

    await bus.publish("said", 1)
    await settled(bus)

    assert await errors(bus) == [TOO_LONG]


async def test_a_time_out_of_the_callback_itself_is_told_apart(bus: Work) -> None:
    async def handle(_payload: Any) -> None:
        await asyncio.sleep(0)
        raise TimeoutError("the mail server")

    subscribe(bus, "said", handle, retries=0)
    await bus.on_ready()

    await bus.publish("said", 1)
    await settled(bus)

    assert await errors(bus) == ["TimeoutError: the mail server"]


async def test_a_def_that_hangs_keeps_one_thread_and_what_comes_next_waits_for_it(bus: Work) -> None:
    hanging = Hanging()
    subscribe(bus, "said", hanging.handle, retries=0, timeout=0.05)
    await bus.on_ready()

    for number in range(40):
        await bus.publish("said", number)
    await until(lambda: hanging.seen)
    await asyncio.sleep(0.3)  # six time-outs
    seen = list(hanging.seen)
    hanging.let_go.set()
    await settled(bus)

    assert (seen, hanging.seen) == ([0], list(range(40)))
    assert (await errors(bus))[0] == TOO_LONG


async def test_a_retry_waits_for_the_thread_of_the_attempt_before(bus: Work) -> None:
    hanging = Hanging()
    subscribe(bus, "said", hanging.handle, retries=2, backoff=0, timeout=0.3)
    await bus.on_ready()

    await bus.publish("said", 1)
    await until(lambda: hanging.seen)
    await asyncio.sleep(0.7)  # two time-outs
    seen = list(hanging.seen)
    hanging.let_go.set()
    await settled(bus)

    assert (seen, hanging.seen, await errors(bus)) == ([1], [1, 1], [])


async def test_the_awaitable_that_a_def_answers_is_cut_at_the_time_out_too(bus: Work) -> None:
    ended = asyncio.Event()

    async def finish() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    def handle(_payload: Any) -> Any:
        return finish()

    subscribe(bus, "said", handle, retries=0, timeout=0.1)
    await bus.on_ready()

    await bus.publish("said", 1)
    await settled(bus)

    assert ended.is_set()
    assert [letter.attempts for letter in await bus.dead_letters()] == [1]


async def test_what_a_def_answers_after_its_time_out_is_dropped(bus: Work) -> None:
    hanging, begun = Hanging(), list[Any]()

    async def finish(payload: Any) -> None:
        begun.append(payload)

    def handle(payload: Any) -> Any:
        hanging.handle(payload)
        return finish(payload)

    subscribe(bus, "said", handle, retries=0, timeout=0.2)
    await bus.on_ready()

    await bus.publish("said", 1)
    await until(bus.dead_letters)
    hanging.let_go.set()
    await bus.publish("said", 2)  # which waits for the thread of the first
    await settled(bus)

    assert begun == [2]


@in_memory
async def test_the_shutdown_does_not_wait_for_a_thread_that_hangs(
    bus: Work, home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    hanging = Hanging()
    subscribe(bus, "said", hanging.handle, retries=0, timeout=0.05)
    await bus.on_ready()
    await bus.publish("said", 1)
    await bus.publish("said", 2)
    await until(bus.dead_letters)

    async with asyncio.timeout(5):
        await home.end(bus)
    hanging.let_go.set()

    assert "event_bus lost 1 events at shutdown" in caplog.text


@durable
async def test_what_waits_behind_a_thread_that_hangs_is_handled_after_the_restart(home: Home) -> None:
    first, hanging = await home.boot(), Hanging()
    subscribe(first, "said", hanging.handle, retries=0, timeout=0.05)
    await first.on_ready()
    await first.publish("said", 1)
    await first.publish("said", 2)
    await until(first.dead_letters)

    async with asyncio.timeout(5):
        await home.end(first)
    hanging.let_go.set()
    second = await home.boot()
    subscribe(second, "said", hanging.handle, retries=0)
    await second.on_ready()
    await settled(second)

    assert hanging.seen == [1, 2]
