"""How a hook is called: its owner set, under a time-out, a `def` in a bounded number of threads."""

import asyncio
import inspect
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import copy_context
from functools import partial
from pathlib import Path
from typing import Any

from hookspecs import Answer, Part, Refusal, owner
from kernel.errors import Problem, explain, place

THREADS = 32
GRACE_S = 1.0  # how long what was cancelled may take to roll back


class Pool:
    """At most THREADS daemon threads at once; a call beyond that is refused at once.

    A call's place stays taken until its thread ends, whoever stopped waiting for it: a thread cannot be stopped. There
    is a new thread a call (30 us more than a kept one), so nothing thread-local leaks from one call into another.
    """

    def __init__(self) -> None:
        self._busy: set[Future[Any]] = set()

    async def run(self, function: Callable[..., Any], /, *args: Any) -> Any:
        """See `hookspecs.Run`."""
        if len(self._busy) >= THREADS:
            raise Refusal(503, "too many blocking calls are under way: try again", retry_after_s=1)
        outcome, work = Future[Any](), partial(copy_context().run, function, *args)
        outcome.set_running_or_notify_cancel()  # from here on, no caller's cancellation cancels it
        threading.Thread(target=_settle, args=(outcome, work), daemon=True).start()
        self._busy.add(outcome)
        outcome.add_done_callback(self._busy.discard)  # in the thread, or here and now when that has ended already
        value = await asyncio.wrap_future(outcome)
        return await value if inspect.isawaitable(value) else value


def _settle(outcome: Future[Any], work: Callable[[], Any]) -> None:
    try:
        outcome.set_result(work())
    except BaseException as error:  # an exit in a thread is that call's failure, not the process's wish
        is_plain = isinstance(error, Exception) and not isinstance(error, StopIteration)
        outcome.set_exception(error if is_plain else RuntimeError(repr(error)))


async def call(part: Part, hook: str, timeout_s: float, pool: Pool, root: Path, one: Any, given: Any) -> Answer:
    """Call a hook's implementation in a task of its own, so that one which swallows its cancellation is left behind."""
    task = asyncio.create_task(_owned(part, pool, partial(one.function, **{key: given[key] for key in one.argnames})))
    try:
        _, late = await asyncio.wait({task}, timeout=timeout_s)
    finally:
        task.cancel()
    if late:
        await asyncio.wait(late, timeout=GRACE_S)
    try:
        return Answer(part.name, part.file, task.result(), None)
    except (asyncio.CancelledError, asyncio.InvalidStateError) as stuck:
        advice = f"{place(stuck, root)}: bound what it waits for, or raise the time-out"
        problem: Exception = Problem(f"{part}: {hook} did not end within {timeout_s:g} s{advice}")
    except Exception as error:
        problem = explain(part, hook, error, root)
    return Answer(part.name, part.file, None, problem)


async def _owned(part: Part, pool: Pool, work: Callable[[], Any]) -> Any:
    try:
        owner.set(part)
        value = await (work() if inspect.iscoroutinefunction(work) else pool.run(work))
        return list(value) if inspect.isgenerator(value) else value
    except SystemExit as error:  # asyncio would end the whole process
        raise RuntimeError(repr(error)) from error
