"""The one bounded pool of threads."""

import asyncio
import threading
import time
from contextvars import ContextVar
from typing import NoReturn

import pytest

from hookspecs import Refusal
from kernel.call import THREADS, Pool

number: ContextVar[int] = ContextVar("number", default=0)


def raising(error: BaseException) -> NoReturn:
    raise error


async def full(pool: Pool) -> tuple[list[asyncio.Task[object]], threading.Event]:
    """Take every place of the pool until the event is set."""
    end = threading.Event()
    tasks = [asyncio.create_task(pool.run(end.wait)) for _ in range(THREADS)]
    await asyncio.sleep(0)
    return tasks, end


async def test_a_function_is_called_with_its_arguments() -> None:
    assert await Pool().run(max, 2, 5) == 5


async def test_an_awaitable_that_it_returns_is_awaited_on_the_loop() -> None:
    async def on_loop() -> bool:
        return asyncio.get_running_loop() is loop

    loop = asyncio.get_running_loop()

    assert await Pool().run(on_loop) is True


async def test_the_callers_context_is_copied() -> None:
    number.set(7)

    assert await Pool().run(number.get) == 7
    await Pool().run(number.set, 8)
    assert number.get() == 7


async def test_a_call_over_the_bound_is_refused_at_once() -> None:
    pool = Pool()
    tasks, end = await full(pool)

    with pytest.raises(Refusal) as refused:
        await pool.run(int)

    assert (refused.value.status, refused.value.retry_after_s) == (503, 1)
    assert refused.value.detail == "too many blocking calls are under way: try again"
    end.set()
    assert await asyncio.gather(*tasks) == [True] * THREADS
    assert await pool.run(int) == 0


async def test_an_exception_is_the_callers() -> None:
    with pytest.raises(KeyError, match="'a'"):
        await Pool().run(raising, KeyError("a"))


@pytest.mark.parametrize("error", [StopIteration(3), SystemExit(7), KeyboardInterrupt(), GeneratorExit()], ids=repr)
async def test_what_would_end_a_loop_or_a_process_is_wrapped(error: BaseException) -> None:
    with pytest.raises(RuntimeError) as wrapped:
        await Pool().run(raising, error)

    assert str(wrapped.value) in (repr(error), "coroutine raised StopIteration")


async def test_a_place_stays_taken_until_the_thread_ends_when_the_caller_is_cancelled() -> None:
    pool = Pool()
    tasks, end = await full(pool)

    tasks[0].cancel()
    with pytest.raises(asyncio.CancelledError):
        await tasks[0]
    with pytest.raises(Refusal):
        await pool.run(int)

    end.set()
    await asyncio.gather(*tasks[1:])
    assert await pool.run(int) == 0


async def test_a_late_result_of_a_cancelled_call_is_dropped() -> None:
    pool, end, ended = Pool(), threading.Event(), list[bool]()
    task = asyncio.create_task(pool.run(lambda: ended.append(end.wait())))
    await asyncio.sleep(0)

    task.cancel()
    end.set()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert await pool.run(int) == 0
    async with asyncio.timeout(5):  # the thread ends when it may, after its caller
        while not ended:
            await asyncio.sleep(0.001)
    assert ended == [True]


def test_a_thread_that_outlives_its_loop_harms_nobody() -> None:
    end, threads = threading.Event(), set(threading.enumerate())

    async def leave() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(Pool().run(end.wait), 0.01)

    asyncio.run(leave())
    (thread,) = set(threading.enumerate()) - threads
    end.set()
    thread.join(5)

    assert thread.daemon
    assert not thread.is_alive()


async def test_a_thread_that_cannot_be_started_takes_no_place(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = Pool()
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", lambda thread: raising(RuntimeError("can't start new thread")))
        for _ in range(THREADS + 1):
            with pytest.raises(RuntimeError, match="can't start"):
                await pool.run(int)

    assert await pool.run(int) == 0


async def test_a_hundred_blocking_calls_leave_the_loop_free() -> None:
    async def bounded() -> object:
        try:
            return await pool.run(time.sleep, 0.2)
        except Refusal as refusal:
            return refusal.status

    pool, started = Pool(), time.monotonic()
    calls = asyncio.gather(*(bounded() for _ in range(100)))
    await asyncio.sleep(0.01)
    waited_s = time.monotonic() - started

    assert waited_s < 0.15
    assert sorted(map(str, await calls)) == ["503"] * (100 - THREADS) + ["None"] * THREADS
