"""A few daemon threads, each with a connection of its own, and one line in front of them.

    submit --> the idle thread that worked last --> what ended --> told in the loop
           --> the line, where none is idle --> the thread that ends first

A thread that ends a call takes the next from the line by itself, and what several ended wakes the loop once.
"""

import asyncio
import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from math import inf
from queue import SimpleQueue
from typing import Protocol

from tools.db.contract import DbError, QueryTimeoutError, Unavailable
from tools.db.sqlite.call import Call, Place
from tools.db.sqlite.faults import shout
from tools.db.sqlite.watch import DRAIN_TIMEOUT_S, Watch
from tools.db.turns import settle

Connect = Callable[[], sqlite3.Connection]

_PATIENCE_S = 5.0
"""At the shutdown: what runs for longer is interrupted."""
_END_TIMEOUT_S = 1.0
"""A thread on its last line ends in microseconds: waiting for it here leaves none behind that calls a closed loop."""


class Work(Protocol):
    """What a thread does at once: a call, or several that share a transaction."""

    def run(self, place: Place) -> None:
        """Do it, in the thread; raises nothing."""
        ...

    def tell(self) -> None:
        """Tell the callers, in the loop."""
        ...

    def fail(self, error: BaseException) -> None:
        """Let it end with `error`, which `tell` says."""
        ...


class Worker:
    """One thread; its connection is opened, and opened again, at its first call."""

    raw: sqlite3.Connection

    def __init__(self, connect: Connect, line: deque[Work], done: Callable[["Worker", Work, bool], None]) -> None:
        self._connect, self._line, self._done = connect, line, done
        self._calls: SimpleQueue[Work | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._main, name="db-sqlite", daemon=True)
        self._closed: Call[None] | None = None
        self.work: Work | None = None
        self.is_open = self.is_given_up = False

    def give(self, work: Work | None) -> None:
        """Give it something to do, or, with None, let it end."""
        if self._thread.ident is None and work is not None:
            self._thread.start()
        self._calls.put(work)

    async def close(self) -> None:
        """Close after what it still does; a stream and the shutdown may both ask for it."""
        if self._thread.ident is None:
            return
        if self._closed is None:
            self._closed = Call(sqlite3.Connection.close, inf)
            self.give(self._closed)
            self.give(None)
        await asyncio.wait({self._closed.future})
        self._closed.future.exception()
        self._thread.join(_END_TIMEOUT_S)

    def _main(self) -> None:
        work = self._calls.get()
        while work is not None:
            self.work = work
            self._run(work)
            if self.is_given_up:
                break
            after = first_of(self._line)
            self._done(self, work, after is None)
            work = after or self._calls.get()
        if self.is_open:
            with suppress(sqlite3.Error):
                self.raw.close()

    def _run(self, work: Work) -> None:
        if not self.is_open:
            try:
                self.raw = self._connect()
            except Exception as error:
                shout(error)
                lost = Unavailable(f"{error}, while opening the file")
                lost.__cause__ = error
                work.fail(lost)
                return
            self.is_open = True
        try:
            work.run(self)
        except BaseException as error:  # whatever it is: the thread goes on for the others
            work.fail(error)


class Threads:
    """Runs calls on `count` connections."""

    def __init__(self, connect: Connect, count: int) -> None:
        self._connect = connect
        self._line: deque[Work] = deque()
        self._ended: deque[tuple[Worker, Work, bool]] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_woken = self._is_closed = False
        self._all = [self._worker() for _ in range(count)]
        self._idle = list(self._all)
        self.watch = Watch(self.give_up)
        self.times_given_up = 0

    @property
    def first(self) -> Worker:
        """The only one, where there is one."""
        return self._all[0]

    def submit(self, work: Work) -> None:
        """Let it be done; `tell` is called in this loop.

        Raises:
            Unavailable: it was closed.
            DbError: this is another loop than before, which nobody would wake.
        """
        if self._is_closed:
            raise Unavailable("its connection was closed at the shutdown")
        loop = asyncio.get_running_loop()
        if self._loop is None:
            self._loop = loop
        elif self._loop is not loop:
            raise DbError("db is used in another event loop than it was booted in: await it where the app runs")
        if self._idle:
            self._idle.pop().give(work)
        else:
            self._line.append(work)

    def give_up(self, place: Place) -> None:
        """Leave a connection to its thread, which closes it when it can, and put another one in its place."""
        worker = next((one for one in self._all if one is place), None)
        if worker is None:
            return
        worker.is_given_up = True
        worker.give(None)
        self.times_given_up += 1
        fresh = self._worker()
        self._all[self._all.index(worker)] = fresh
        if worker in self._idle:
            self._idle.remove(worker)
        elif worker.work is not None:
            worker.work.fail(QueryTimeoutError())
            worker.work.tell()
        self._rest(fresh)

    async def close(self) -> None:
        """Close for good, after what still runs, if that ends in time."""
        self._is_closed = True
        closing = asyncio.ensure_future(self._close())
        cancelled = await settle(closing)
        self.watch.close()
        if cancelled is not None:
            raise cancelled

    async def _close(self) -> None:
        ends = {asyncio.ensure_future(one.close()): one for one in self._all}
        _, late = await asyncio.wait(ends, timeout=_PATIENCE_S)
        if late:
            self.watch.stop_all(lambda: Unavailable("it was ended by the shutdown"))
            _, late = await asyncio.wait(late, timeout=DRAIN_TIMEOUT_S)
        for end in late:  # in the kernel
            end.cancel()
            self.give_up(ends[end])

    def _worker(self) -> Worker:
        return Worker(self._connect, self._line, self._end)

    def _end(self, worker: Worker, work: Work, is_idle: bool) -> None:
        """In the thread: hand it to the loop, which is woken once for all that it has not seen."""
        self._ended.append((worker, work, is_idle))
        if not self._is_woken and self._loop is not None:
            self._is_woken = True
            with suppress(RuntimeError):  # the loop was closed
                self._loop.call_soon_threadsafe(self._tell)

    def _tell(self) -> None:
        self._is_woken = False
        while self._ended:
            worker, work, is_idle = self._ended.popleft()
            if is_idle and not worker.is_given_up:
                self._rest(worker)
            work.tell()

    def _rest(self, worker: Worker) -> None:
        """Let it have what came into the line since it looked, or wait."""
        if (work := first_of(self._line)) is not None:
            worker.give(work)
        else:
            self._idle.append(worker)


def first_of(line: deque[Work]) -> Work | None:
    """Take the first, if there is one: others take from the line too, at any moment."""
    try:
        return line.popleft() if line else None
    except IndexError:
        return None
