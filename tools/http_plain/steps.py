"""A coroutine under a deadline, or in a contextvars.Context of its own; and what its errors mean."""

import asyncio
import types
from collections.abc import Awaitable, Callable, Coroutine, Generator
from contextvars import Context
from typing import Any


class DeadlineError(Exception):
    """The time was over before the coroutine was."""


async def within(seconds: float, coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Await a coroutine, for at most this long.

    Raises:
        DeadlineError: it was cancelled because its time was over; a TimeoutError of its own passes as it is.
    """
    try:
        async with asyncio.timeout(seconds) as limit:
            return await _stepped(coroutine, lambda resume, value: resume(value))
    except TimeoutError as error:
        if limit.expired():
            raise DeadlineError from error
        raise


def stepped_in(variables: Context, call: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """Let `call` run in these variables, whichever the caller's are.

    Else one request's reached the next: a server on asyncio's own loop that resumes reading inside a request starts
    the connection's next one with a copy of whatever is set by then.
    """

    async def stepped(*args: Any) -> Any:
        return await _stepped(awaited(call, *args), variables.run)

    return stepped


def is_end(error: BaseException) -> bool:
    """Whether it ends the request or the process, so that there is nothing to answer: it must pass."""
    if isinstance(error, asyncio.CancelledError):  # a cancellation of something that a handler awaited is an error
        task = asyncio.current_task()
        return task is None or task.cancelling() > 0
    return isinstance(error, KeyboardInterrupt | GeneratorExit)


async def awaited(function: Callable[..., Awaitable[Any]], *args: Any) -> Any:
    """Make a coroutine of a call whose answer is awaitable."""
    return await function(*args)


@types.coroutine
def _stepped(coroutine: Coroutine[Any, Any, Any], step: Callable[..., Any]) -> Generator[Any, Any, Any]:
    """Await it; a GeneratorExit of its own is an error, as a StopIteration is (PEP 479), and not the request's end."""
    resume, value = coroutine.send, None
    while True:
        try:
            signal = step(resume, value)
        except StopIteration as done:
            return done.value
        except GeneratorExit as error:
            raise RuntimeError("coroutine raised GeneratorExit") from error
        try:
            resume, value = coroutine.send, (yield signal)
        except GeneratorExit:
            step(lambda _: coroutine.close(), None)
            raise
        except BaseException as error:  # a cancellation is the coroutine's to answer
            resume, value = coroutine.throw, error
