"""Threads for hashing only: bounded, so that a rush of logins costs neither memory nor everybody else's threads."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import ParamSpec, TypeVar

from hookspecs import Refusal

P = ParamSpec("P")
T = TypeVar("T")
Jobs = SimpleQueue[Callable[[], None] | None]


class HashPool:
    """Daemon threads, where concurrent.futures would wait at exit for one that hangs."""

    def __init__(self, threads: int, waiting: int) -> None:
        self._threads = threads
        self._slots = threading.Semaphore(threads + waiting)
        self._jobs: Jobs | None = None

    def start(self) -> None:
        """Start the threads."""
        self._jobs = SimpleQueue()
        for number in range(self._threads):
            threading.Thread(target=_work, args=(self._jobs,), name=f"auth-hash-{number}", daemon=True).start()

    def stop(self) -> None:
        """Let the threads end after what is waiting; wait for none."""
        jobs, self._jobs = self._jobs, None
        if jobs is not None:
            for _ in range(self._threads):
                jobs.put(None)

    async def __call__(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call `function` in a thread; what is cancelled while it waits is never called."""
        if self._jobs is None:
            raise RuntimeError("auth is not booted, or shut down: hash passwords between on_boot and on_shutdown")
        if not self._slots.acquire(blocking=False):
            raise Refusal(503, "too many passwords are being checked: try again in a second", retry_after_s=1)
        answer: Future[T] = Future()

        def job() -> None:
            try:
                if answer.set_running_or_notify_cancel():
                    answer.set_result(function(*args, **kwargs))
            except BaseException as error:
                answer.set_exception(error)
            finally:
                self._slots.release()

        self._jobs.put(job)
        return await asyncio.wrap_future(answer)


def _work(jobs: Jobs) -> None:
    while (job := jobs.get()) is not None:
        job()
