"""How a hook is called: its owner set, under a time-out, a `def` in the one bounded pool."""

import asyncio
import inspect
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from hookspecs import Answer, Part, Refusal, owner
from kernel.errors import Problem, explain, place

GRACE_S = 1.0  # how long what was cancelled may take to roll back


class Pool:
    """At most `threads` daemon threads and `queued` waiting calls; what it refuses it refuses at once.

    A call's place stays taken until its thread returns, whoever stopped waiting for it: a thread cannot be stopped.
    """

    def __init__(self, threads: int, queued: int) -> None:
        self._threads, self._room = threads, threads + queued
        self._jobs: SimpleQueue[tuple[asyncio.Future[Any], Callable[[], Any]]] = SimpleQueue()
        self._started = self._taken = 0

    async def run(self, function: Callable[..., Any], /, *args: Any) -> Any:
        """See `hookspecs.Run`."""
        if self._taken >= self._room:
            raise Refusal(503, "too many blocking calls are under way: try again", retry_after_s=1)
        self._taken += 1
        future = asyncio.get_running_loop().create_future()
        self._jobs.put((future, partial(copy_context().run, function, *args)))
        if self._started < min(self._taken, self._threads):
            self._started += 1
            threading.Thread(target=self._work, name=f"pool-{self._started}", daemon=True).start()
        value, error = await future
        if error:
            raise error
        return await value if inspect.isawaitable(value) else value

    def _work(self) -> None:
        while True:
            future, work = self._jobs.get()
            value, error = None, None
            try:
                value = work()
            except BaseException as failure:  # an exit in a thread is that call's failure, not the process's wish
                error = failure if isinstance(failure, Exception) else RuntimeError(repr(failure))
            with suppress(RuntimeError):  # its loop is closed: nobody waits
                future.get_loop().call_soon_threadsafe(self._settle, future, (value, error))

    def _settle(self, future: asyncio.Future[Any], outcome: object) -> None:
        self._taken -= 1
        if not future.done():
            future.set_result(outcome)


async def call(part: Part, hook: str, timeout_s: float, pool: Pool, function: Callable[..., Any], root: Path) -> Answer:
    """Call a hook's implementation in a task of its own, so that one which swallows its cancellation is left behind."""
    problem: Exception | None = None
    value, started = None, time.perf_counter()
    task = asyncio.create_task(_owned(part, pool, function))
    try:
        await asyncio.wait({task}, timeout=timeout_s)
    finally:
        task.cancel()
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


async def _owned(part: Part, pool: Pool, function: Callable[..., Any]) -> Any:
    owner.set(part)
    try:
        value = await (function() if inspect.iscoroutinefunction(function) else pool.run(function))
        return list(value) if inspect.isgenerator(value) else value
    except SystemExit as error:  # asyncio would end the whole process
        raise RuntimeError(repr(error)) from error
