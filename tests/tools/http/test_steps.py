"""Deadlines and contexts, step by step."""

import asyncio
from contextvars import ContextVar, copy_context

import pytest

from tools.http.steps import DeadlineError, within

mine: ContextVar[str] = ContextVar("mine", default="")


async def test_what_a_coroutine_sets_stays_in_its_context() -> None:
    async def work(pauses: int) -> str:
        mine.set("set")
        for _ in range(pauses):
            await asyncio.sleep(0)
        return mine.get()

    variables = copy_context()

    assert [await within(1, work(pauses), variables) for pauses in (0, 1, 3)] == ["set"] * 3
    assert mine.get() == ""
    assert variables[mine] == "set"


async def test_a_coroutine_in_time_gives_its_result_and_its_error() -> None:
    async def work(error: Exception | None) -> int:
        await asyncio.sleep(0)
        if error:
            raise error
        return 3

    assert await within(1, work(None), copy_context()) == 3
    for error in (KeyError("x"), TimeoutError(), RuntimeError("y")):
        with pytest.raises(type(error)) as caught:
            await within(1, work(error), copy_context())
        assert caught.value is error


async def test_a_coroutines_own_exit_is_an_error() -> None:
    async def work(pauses: int) -> None:
        for _ in range(pauses):
            await asyncio.sleep(0)
        raise GeneratorExit

    for pauses in (0, 1):
        with pytest.raises(RuntimeError, match="^coroutine raised GeneratorExit$"):
            await within(1, work(pauses), copy_context())


async def test_a_coroutine_that_nobody_awaits_any_more_is_closed() -> None:
    ended: list[str] = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(mine.get())

    variables = copy_context()
    variables.run(mine.set, "inside")
    waiting = within(60, work(), variables)
    waiting.send(None)

    waiting.close()

    assert ended == ["inside"]


async def test_a_coroutine_out_of_time_is_cancelled_and_may_clean_up_first() -> None:
    done: list[str] = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            done.append("cleaned up")

    with pytest.raises(DeadlineError):
        await within(0.01, work(), copy_context())
    assert done == ["cleaned up"]


async def test_a_cancellation_of_the_task_reaches_the_coroutine() -> None:
    started, cancelled = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    task = asyncio.create_task(within(60, work(), copy_context()))
    await started.wait()
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert cancelled.is_set()


async def test_time_outs_and_task_groups_work_inside() -> None:
    async def inner() -> None:
        await asyncio.sleep(0)
        raise KeyError("from a child")

    async def work() -> str:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.001):
                await asyncio.Event().wait()
        with pytest.raises(ExceptionGroup):
            async with asyncio.TaskGroup() as group:
                group.create_task(inner())
        return "both"

    assert await within(5, work(), copy_context()) == "both"
