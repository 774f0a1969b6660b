"""A request's coroutine: its context, its deadline, its end."""

import asyncio
from collections.abc import Coroutine
from contextvars import ContextVar
from typing import Any

import pytest

from hookspecs import Trace, trace
from tools.http.flow import Limit, enter, is_end, is_late

mine: ContextVar[str] = ContextVar("mine", default="")


async def run(request: Coroutine[Any, Any, None], limit: Limit) -> None:
    rest = enter(request.__await__(), limit)
    if rest is not None:
        await rest


@pytest.mark.parametrize("pauses", [0, 1, 3])
async def test_what_a_request_sets_is_seen_by_nobody_else(pauses: int) -> None:
    async def request() -> None:
        mine.set("set")
        for _ in range(pauses):
            await asyncio.sleep(0)
        seen.append(mine.get())

    seen: list[str] = []
    await run(request(), [1.0])

    assert seen == ["set"]
    assert mine.get() == ""


async def test_a_request_that_inherits_another_ones_context_starts_in_an_empty_one() -> None:
    async def request() -> None:
        seen.append(mine.get())

    async def inherited() -> None:
        mine.set("of the one before")
        await run(request(), [1.0])
        trace.set(Trace("1", "1"))
        await run(request(), [1.0])

    seen: list[str] = []
    await asyncio.create_task(inherited())

    assert seen == ["of the one before", ""]


async def test_a_wait_out_of_time_is_cancelled_once_and_the_task_goes_on() -> None:
    async def request() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ends.append(is_late(limit))
        limit[0] = 0
        await asyncio.sleep(0)

    ends: list[bool] = []
    limit: Limit = [0.01]
    await run(request(), limit)

    assert ends == [True]
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_a_new_limit_is_a_new_time() -> None:
    async def request() -> None:
        await asyncio.sleep(0)
        limit[0] = 0.01
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ends.append(is_late(limit))

    ends: list[bool] = []
    limit: Limit = [60.0]
    await run(request(), limit)

    assert ends == [True]


async def test_a_cancellation_of_the_task_reaches_the_request_and_is_not_the_deadline() -> None:
    async def request() -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            ends.append(is_late(limit))

    started, ends = asyncio.Event(), list[bool]()
    limit: Limit = [60.0]

    async def served() -> None:
        await run(request(), limit)

    task = asyncio.create_task(served())
    await started.wait()
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert ends == [False]


async def test_a_request_that_nobody_awaits_any_more_is_closed_and_its_own_exit_is_an_error() -> None:
    async def exits() -> None:
        raise GeneratorExit

    async def request(*, is_own: bool) -> None:
        try:
            await (exits() if is_own else asyncio.Event().wait())
        except BaseException as error:
            ends.append(is_end(error))

    ends: list[bool] = []
    await run(request(is_own=True), [60.0])
    rest = enter(request(is_own=False).__await__(), [60.0])
    assert rest is not None
    steps = rest.__await__()
    next(steps)
    steps.close()

    assert ends == [False, True]
