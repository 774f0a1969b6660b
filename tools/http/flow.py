"""Runs a request's coroutine: in a contextvars.Context of its own, and under a deadline once it has to wait.

Its first step is taken at once. Most requests never wait, so that step is their last, and nothing else is paid: no
task, no timer, no exception to carry a result (`next` with a default raises none where a coroutine returns None).

A server may start a request with what an earlier one of its connection has set: one that resumes reading inside a
request takes that request's context along (python/cpython#140947), and so does one that starts a pipelined request.
Then the trace is set already, and the request starts in an empty context instead.
"""

import asyncio
from collections.abc import Awaitable, Callable, Generator
from contextvars import Context, copy_context
from typing import Any

from hookspecs import trace

Limit = list[float]
"""First the seconds that the coroutine's present wait may take, 0 for any; then, once it took longer, how often its
task had been cancelled before. A list, since it is the cheapest thing that two can share."""
_DONE = object()
_UNTRACED = Context().run(trace.get)


def enter(steps: Generator[Any, Any, None], limit: Limit) -> Awaitable[None] | None:
    """Take a coroutine's first step (`steps` is its `__await__()`), and answer with what awaits the others, if any."""
    variables = copy_context() if trace.get() is _UNTRACED else Context()
    signal = variables.run(next, steps, _DONE)
    return None if signal is _DONE else _Rest(steps, variables, signal, limit)


def is_late(limit: Limit) -> bool:
    """Whether a cancellation is that of the deadline; then it is over with this."""
    if len(limit) < 2:
        return False
    before = limit.pop()
    task = asyncio.current_task()
    return task is None or task.uncancel() <= before


def is_end(error: BaseException) -> bool:
    """Whether it ends the request or the process, so that there is nothing to answer: it must pass."""
    if isinstance(error, asyncio.CancelledError):  # a cancellation of something that a handler awaited is an error
        task = asyncio.current_task()
        return task is None or task.cancelling() > 0
    if isinstance(error, GeneratorExit):  # so is one that a handler has raised by itself: then it comes from deeper
        return error.__traceback__ is None or error.__traceback__.tb_next is None
    return isinstance(error, KeyboardInterrupt)


class _Rest(Awaitable[None]):
    """A coroutine from its second step on; `signal` is what its first one yielded to the event loop."""

    def __init__(self, steps: Generator[Any, Any, None], variables: Context, signal: Any, limit: Limit) -> None:
        self._steps, self._variables, self._signal, self._limit = steps, variables, signal, limit

    def __await__(self) -> Generator[Any, Any, None]:
        steps, variables, signal, limit = self._steps, self._variables, self._signal, self._limit
        timer = _Timer(limit)
        try:
            while True:
                timer.arm()
                try:
                    yield signal
                except GeneratorExit:  # nobody awaits this any more
                    variables.run(steps.close)
                    raise
                except BaseException as error:  # a cancellation is the coroutine's to answer
                    signal = _step(variables, steps.throw, error)
                else:
                    signal = _step(variables, steps.send, None)
        except StopIteration:
            return
        finally:
            timer.stop()


def _step(variables: Context, resume: Callable[[Any], Any], value: Any) -> Any:
    """Run up to the next pause; a GeneratorExit that comes out is the coroutine's own, and no reason to close ours."""
    try:
        return variables.run(resume, value)
    except GeneratorExit as error:
        raise RuntimeError("coroutine raised GeneratorExit") from error


class _Timer:
    """Cancels the current task when one wait takes longer than its limit."""

    def __init__(self, limit: Limit) -> None:
        self._limit, self._armed_s = limit, 0.0
        self._handle: asyncio.TimerHandle | None = None

    def arm(self) -> None:
        """Start anew if the limit has changed, that is, when the coroutine waits for something else."""
        seconds = self._limit[0]
        if seconds == self._armed_s:
            return
        self.stop()
        self._armed_s = seconds
        if seconds:
            loop = asyncio.get_running_loop()
            task = asyncio.current_task(loop)
            self._handle = loop.call_later(seconds, self._expire, task, task.cancelling() if task else 0)

    def stop(self) -> None:
        """Forget it."""
        if self._handle is not None:
            self._handle.cancel()

    def _expire(self, task: asyncio.Task[Any] | None, cancelled_before: int) -> None:
        self._limit.append(cancelled_before)
        if task is not None:
            task.cancel()
