"""How a hook is called: its owner set, under a time-out, a `def` in a bounded number of threads."""

import asyncio
import inspect
import threading
import time
from collections.abc import Callable
from contextlib import suppress
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

    A call's place stays taken until its thread ends, whoever stopped waiting for it: a thread cannot be stopped. There is
    a new thread a call (30 us more than a kept one), so nothing thread-local leaks from one call into another.
    """

    def __init__(self) -> None:
        self._free = THREADS

    async def run(self, function: Callable[..., Any], /, *args: Any) -> Any:
        """See `hookspecs.Run`."""
        if not self._free:
            raise Refusal(503, "too many blocking calls are under way: try again", retry_after_s=1)
        future, work = asyncio.get_running_loop().create_future(), partial(copy_context().run, function, *args)
        threading.Thread(target=self._work, args=(future, work), daemon=True).start()
        self._free -= 1
        value, error = await future
        if error:
            raise error
        return await value if inspect.isawaitable(value) else value

    def _work(self, future: asyncio.Future[Any], work: Callable[[], Any]) -> None:
        value, error = None, None
        try:
            value = work()
        except BaseException as failure:  # an exit in a thread is that call's failure, not the process's wish
            error = failure if isinstance(failure, Exception) else RuntimeError(repr(failure))
        with suppress(RuntimeError):  # the loop is closed: nobody waits
            future.get_loop().call_soon_threadsafe(self._settle, future, (value, error))

    def _settle(self, future: asyncio.Future[Any], outcome: object) -> None:
        self._free += 1
        if not future.done():
            future.set_result(outcome)


async def call(part: Part, hook: str, timeout_s: float, pool: Pool, work: Callable[[], Any], root: Path) -> Answer:
    """Call a hook's implementation in a task of its own, so that one which swallows its cancellation is left behind."""
    problem: Exception | None = None
    value, started = None, time.perf_counter()
    task = asyncio.create_task(_owned(part, pool, work))
    try:
        await asyncio.wait({task}, timeout=timeout_s)
    finally:
        task.cancel()
    if not task.done():
        await asyncio.wait({task}, timeout=GRACE_S)
    try:
        value = task.result()
    except (asyncio.CancelledError, asyncio.InvalidStateError) as stuck:
        advice = f"{place(stuck, root)}: bound what it waits for, or raise the time-out"
        problem = Problem(f"{part}: {hook} did not end within {timeout_s:g} s{advice}")
    except Exception as error:
        problem = explain(part, hook, error, root)
    part.boot_ms += (time.perf_counter() - started) * 1000
    return Answer(part.name, part.file, value, problem)


async def _owned(part: Part, pool: Pool, work: Callable[[], Any]) -> Any:
    owner.set(part)
    try:
        value = await (work() if inspect.iscoroutinefunction(work) else pool.run(work))
        if inspect.isasyncgen(value):
            return [one async for one in value]
        return list(value) if inspect.isgenerator(value) else value
    except SystemExit as error:  # asyncio would end the whole process
        raise RuntimeError(repr(error)) from error
