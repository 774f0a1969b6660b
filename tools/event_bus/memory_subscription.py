"""One subscription in memory: its queue, and the one worker that empties it in order."""

import asyncio
import logging
import random
from collections import deque
from collections.abc import Callable, Generator
from contextvars import Context
from typing import Any, Self

from hookspecs import Refusal
from tools.event_bus.callback import Callback
from tools.event_bus.message import Message
from tools.event_bus.one_thread import OneThread

log = logging.getLogger(__name__)
LONGEST_BACKOFF_S = 60.0
MOST_CONFLICTS = 10
DELIVERIES_IN_A_TURN = 64  # then others may run: callbacks that never wait would keep the event loop for themselves


class MemorySubscription:
    """Hands each message to `callback`, one at a time; a message stays in the queue until it is done with."""

    def __init__(
        self,
        event: str,
        callback: Callback,
        thread: OneThread,
        *,
        retries: int,
        backoff_s: float,
        timeout_s: float,
        done: Callable[[], None],
        failed: Callable[[Message, str, BaseException, int], None],
    ) -> None:
        if retries < 0 or backoff_s < 0 or timeout_s <= 0:
            given = f"retries={retries}, backoff={backoff_s:g}, timeout={timeout_s:g}"
            raise ValueError(f"{callback.name} subscribes with {given}: give none below 0, and a timeout above it")
        self.event, self.callback, self.name = event, callback, callback.name
        self.retries, self.backoff_s, self.timeout_s = retries, backoff_s, timeout_s
        self.queue: deque[Message] = deque()
        self.worker: asyncio.Task[None] | None = None
        self._thread, self._done, self._failed = thread, done, failed
        self._news, self._idle = asyncio.Event(), asyncio.Event()
        self.is_stuck = self._is_leaving = self._is_stopped = False

    def __await__(self) -> Generator[Any, None, Self]:
        yield from ()
        return self

    def put(self, message: Message) -> None:
        """Queue a message, whatever the bound; the first one starts the worker."""
        self.queue.append(message)
        if len(self.queue) == 1:
            self._idle.clear()
            self._news.set()
            if self.worker is None:
                self._start()

    async def drained(self) -> None:
        """Wait until the queue is empty and the last callback has ended, or a thread that timed out is in the way."""
        while self.queue and not self.is_stuck:
            await self._idle.wait()

    def leave(self) -> None:
        """End after the last message that is in the queue."""
        self._is_leaving = True
        self._news.set()

    def stop(self) -> None:
        """Cancel the worker; what is in the queue is lost."""
        self._is_stopped = True
        if self.worker is not None:
            self.worker.cancel()

    def _start(self) -> None:
        # In an empty context: whoever publishes first must not leak its variables into all later deliveries.
        self.worker = asyncio.create_task(self._work(), name=f"event_bus {self.name}", context=Context())
        self.worker.add_done_callback(self._ended)

    def _ended(self, worker: asyncio.Task[None]) -> None:
        self.worker = None
        if not worker.cancelled():
            worker.exception()  # else asyncio logs it: a failure is kept already
        if self._is_stopped:
            self.queue.clear()
        if self.queue:  # a callback ended the task that it runs in
            self._start()
        else:
            self._idle.set()

    async def _work(self) -> None:
        me, turn = asyncio.current_task(), 0
        assert me is not None
        while not me.cancelling():
            if self.queue:
                try:
                    await self._deliver(self.queue[0])
                finally:
                    self.queue.popleft()
                    self._done()
                turn = (turn + 1) % DELIVERIES_IN_A_TURN
                if not turn:
                    await asyncio.sleep(0)
            elif self._is_leaving:
                return
            else:
                self._idle.set()
                self._news.clear()
                await self._news.wait()

    async def _deliver(self, message: Message) -> None:
        attempt, conflicts = 1, 0
        while True:
            try:
                if self._thread.is_taken:
                    await self._thread_free()
                await self.callback.call(message, attempt, self.timeout_s)
                return
            except BaseException as error:  # SystemExit too: a callback ends neither its subscription nor the process
                if self._is_stopped:
                    raise
                if isinstance(error, Refusal) and error.runs_again and conflicts < MOST_CONFLICTS:
                    conflicts += 1  # nothing was done: it is no failed attempt
                    await asyncio.sleep(backoff_s(0.002, conflicts, random.random()))
                    continue
                if attempt > self.retries or isinstance(error, GeneratorExit):
                    self._failed(message, self.name, error, attempt)
                    if isinstance(error, GeneratorExit):  # it may be this worker that Python closes
                        raise
                    return
                log.warning(
                    "%s failed in attempt %d of %r, and is tried again: %r", self.name, attempt, message.event, error
                )
            await asyncio.sleep(backoff_s(self.backoff_s, attempt, random.random()))
            attempt += 1

    async def _thread_free(self) -> None:
        """Wait for the thread of an attempt that timed out: one that hangs costs the shared pool one place, not all."""
        self.is_stuck = True
        self._idle.set()
        try:
            await self._thread.free()
        finally:
            self.is_stuck = False
            self._idle.clear()


def backoff_s(first_s: float, attempt: int, part: float) -> float:
    """Seconds to wait after a failed attempt: a random part, so that many that failed at once do not return at once.

    Source: "Exponential backoff and jitter", AWS Architecture Blog, 2015 (full jitter).

    >>> backoff_s(0.5, 1, 1.0), backoff_s(0.5, 3, 1.0), backoff_s(0.5, 3, 0.25)
    (0.5, 2.0, 0.5)
    >>> backoff_s(0.5, 5000, 1.0)
    60.0
    """
    return part * min(LONGEST_BACKOFF_S, first_s * 2.0 ** min(attempt - 1, 32))
