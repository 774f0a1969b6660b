"""Runs a coroutine in a contextvars.Context of its own, under a deadline that costs nothing unless the coroutine waits.

`asyncio.timeout` around a handler is dearer than half of the rest of a request. Where the handler never suspends, its
first step is its last, and no timer is needed.

The context keeps one request's variables from the next: a server on asyncio's own loop that resumes reading inside a
request starts the connection's next one with a copy of whatever was set by then.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Generator
from contextvars import Context
from typing import Any, TypeVar

T = TypeVar("T")


class DeadlineError(Exception):
    """The time was over before the coroutine was."""


async def within(seconds: float, coroutine: Coroutine[Any, Any, T], variables: Context) -> T:
    """Await a coroutine, for at most this long, in these variables.

    Raises:
        DeadlineError: it was cancelled because its time was over; a TimeoutError of its own passes as it is.
    """
    try:
        signal = _step(variables, coroutine.send, None)
    except StopIteration as done:
        result: T = done.value
        return result
    return await rest_within(seconds, coroutine, variables, signal)


async def rest_within(seconds: float, coroutine: Coroutine[Any, Any, T], variables: Context, signal: Any) -> T:
    """Await what is left of a coroutine whose first step yielded `signal`; see `within`."""
    try:
        async with asyncio.timeout(seconds) as limit:
            return await _Rest(coroutine, variables, signal)
    except TimeoutError as error:
        if limit.expired():
            raise DeadlineError from error
        raise


def _step(variables: Context, resume: Callable[[Any], Any], value: Any) -> Any:
    """Run a coroutine up to its next pause.

    What Python does with a StopIteration that a coroutine raises (PEP 479) is done with its GeneratorExit too: one that
    passes through here is always that of a request whose own coroutine is closed.
    """
    try:
        return variables.run(resume, value)
    except GeneratorExit as error:
        raise RuntimeError("coroutine raised GeneratorExit") from error


class _Rest(Awaitable[T]):
    """A coroutine from its second step on; `signal` is what its first one yielded to the event loop."""

    def __init__(self, coroutine: Coroutine[Any, Any, T], variables: Context, signal: Any) -> None:
        self._coroutine, self._variables, self._signal = coroutine, variables, signal

    def __await__(self) -> Generator[Any, Any, T]:
        coroutine, variables, signal = self._coroutine, self._variables, self._signal
        try:
            while True:
                try:
                    yield signal
                except GeneratorExit:  # nobody awaits this any more
                    variables.run(coroutine.close)
                    raise
                except BaseException as error:  # a cancellation is the coroutine's to answer
                    signal = _step(variables, coroutine.throw, error)
                else:
                    signal = _step(variables, coroutine.send, None)
        except StopIteration as done:
            result: T = done.value
            return result
