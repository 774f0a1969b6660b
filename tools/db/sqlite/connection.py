"""One SQLite connection in a daemon thread of its own: one hop a call, and no cancellation leaves work behind.

caller --call--> thread          cancelled, or out of time:
       <-answer-                 interrupt() until the thread is free, and only then go on
"""

import asyncio
import sqlite3
from collections.abc import Callable
from typing import Generic, TypeVar

import aiosqlite

from tools.db.contract import QueryTimeoutError, Unavailable
from tools.db.sqlite.faults import shout
from tools.db.turns import settle

T = TypeVar("T")

_INTERRUPT_EVERY_S = 0.01
_END_TIMEOUT_S = 1.0
"""A thread on its last line ends in microseconds: waiting for it here leaves none behind that calls a closed loop."""
_DRAIN_TIMEOUT_S = 10.0
"""A thread that is not free by then hangs in the kernel: it is left alone, and the connection with it."""


def insist(job: Callable[[sqlite3.Connection], object], raw: sqlite3.Connection) -> None:
    """Run what must be run, in the connection's thread, also when a late interruption hits it."""
    while True:
        try:
            job(raw)
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname != "SQLITE_INTERRUPT":
                raise


def roll_back(raw: sqlite3.Connection) -> None:
    """Roll back, in the connection's thread, if there is something to roll back."""
    insist(lambda raw: raw.in_transaction and raw.execute("ROLLBACK"), raw)


class _Call(Generic[T]):
    """A job on its way to the thread; what it gave stays with it, since the caller may have stopped waiting."""

    def __init__(self, job: Callable[[sqlite3.Connection], T], raw: sqlite3.Connection) -> None:
        self._job, self._raw = job, raw
        self.is_withdrawn = False
        self.answer: list[T] = []

    def __call__(self) -> T:
        if self.is_withdrawn:
            raise asyncio.InvalidStateError("withdrawn")
        value = self._job(self._raw)
        self.answer.append(value)
        return value


class Connection:
    """A place for a connection: opened at its first use, opened anew when the one before had to be given up."""

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connect = connect
        self._raw: sqlite3.Connection | None = None
        self._thread: aiosqlite.Connection | None = None
        self._is_closed = False
        self.times_given_up = 0

    @property
    def is_in_transaction(self) -> bool:
        return self._raw is not None and self._raw.in_transaction

    async def run(self, job: Callable[[sqlite3.Connection], T], timeout_s: float | None) -> T:
        """Call `job` with the sqlite3 connection, in its thread.

        Raises:
            QueryTimeoutError: it took longer than `timeout_s`, and was interrupted.
        """
        thread, raw = await self._opened()
        call = _Call(job, raw)
        try:
            async with asyncio.timeout(timeout_s):
                answer: T = await thread._execute(call)  # type: ignore[no-untyped-call]  # aiosqlite's one hop
                return answer
        except TimeoutError:
            await self._withdraw(call)
            if call.answer:
                return call.answer[0]
            raise QueryTimeoutError from None
        except asyncio.CancelledError:
            await self._withdraw(call)
            raise

    async def close(self) -> None:
        """Close for good, after what still runs, or give the connection up."""
        self._is_closed = True
        if self._thread is None:
            return
        thread, self._thread, self._raw = self._thread, None, None
        task = asyncio.ensure_future(asyncio.wait_for(thread.close(), _DRAIN_TIMEOUT_S))
        cancelled = await settle(task)
        if not task.cancelled() and task.exception() is None:
            thread._thread.join(_END_TIMEOUT_S)
        else:
            thread.stop()
        if cancelled is not None:
            raise cancelled

    def give_up(self) -> None:
        """Leave the connection to its thread, which closes it when it can."""
        if self._thread is not None:
            self._thread.stop()
        self._thread = self._raw = None
        self.times_given_up += 1

    async def _opened(self) -> tuple[aiosqlite.Connection, sqlite3.Connection]:
        if self._is_closed:
            raise Unavailable("its connection was closed at the shutdown")
        if self._thread is None or self._raw is None:
            task = asyncio.ensure_future(self._open())
            cancelled = await settle(task)
            if not task.cancelled() and task.exception() is None:
                self._thread, self._raw = task.result()
            if cancelled is not None:
                raise cancelled
            return task.result()
        return self._thread, self._raw

    async def _open(self) -> tuple[aiosqlite.Connection, sqlite3.Connection]:
        thread = aiosqlite.Connection(self._connect, iter_chunk_size=1)
        thread._thread.daemon = True  # or one connection that nobody closed keeps the process alive
        try:
            await asyncio.wait_for(thread, _DRAIN_TIMEOUT_S)
        except (sqlite3.Error, TimeoutError) as error:
            thread._thread.join(_END_TIMEOUT_S)
            shout(error)
            raise Unavailable(f"{str(error) or 'no answer'}, while opening the file") from error
        return thread, thread._conn

    async def _withdraw(self, call: _Call[T]) -> None:
        call.is_withdrawn = True
        task = asyncio.ensure_future(self._drain())
        cancelled = await settle(task)
        task.result()
        if cancelled is not None:
            raise cancelled

    async def _drain(self) -> None:
        """Interrupt until the thread has answered a call that came after the withdrawn one."""
        if self._thread is None or self._raw is None:
            return
        barrier = asyncio.ensure_future(self._thread._execute(lambda: None))  # type: ignore[no-untyped-call]
        loop = asyncio.get_running_loop()
        end = loop.time() + _DRAIN_TIMEOUT_S
        while not barrier.done() and loop.time() < end:
            self._raw.interrupt()  # again and again: before the statement has begun it does nothing
            await asyncio.wait({barrier}, timeout=_INTERRUPT_EVERY_S)
        if not barrier.done():
            barrier.cancel()
            self.give_up()
