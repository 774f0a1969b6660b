"""A call on its way to a thread and back: told once, and on the way it can be taken back or interrupted.

waiting --begin--> running --end--> over --tell--> told
   |                  |
withdraw          interrupt, again and again
"""

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from math import inf
from time import monotonic
from typing import Any, Generic, Protocol, TypeVar

from tools.db.contract import QueryTimeoutError
from tools.db.turns import settle

T = TypeVar("T")
Job = Callable[[sqlite3.Connection], T]

INTERRUPT_EVERY_S = 0.01
"""Again and again: before a statement has begun, an interruption does nothing."""

_state = threading.Lock()
"""Who comes first: a thread that begins or ends a call, or the loop that takes it back or interrupts it."""


class Place(Protocol):
    """Where a call runs; the loop only interrupts the connection."""

    raw: sqlite3.Connection


class Watch(Protocol):
    """Looks at a call when it is due."""

    def add(self, call: "AnyCall", /) -> None:
        """Begin to watch, or see that it is due earlier."""
        ...

    def discard(self, call: "AnyCall", /) -> None:
        """Stop watching."""
        ...


class Call(Generic[T]):
    """A job for a thread; what it gave stays with it until the loop tells the caller.

    Args:
        job: what is run in the thread.
        timeout_s: for the run, from its begin.
        wait_s: until the begin.
        late: makes the error for a begin that did not come.
        table: of the statement, for an error that comes with the COMMIT.
    """

    __slots__ = (
        "_stopped", "began_s", "due_s", "error", "future", "instead", "is_told", "is_withdrawn", "job",
        "late", "place", "since_s", "stopped_s", "table", "timeout_s", "value", "wait_s",
    )  # fmt: skip

    def __init__(
        self,
        job: Job[T],
        timeout_s: float,
        wait_s: float = inf,
        late: Callable[[], Exception] = QueryTimeoutError,
        table: str = "",
    ) -> None:
        self.job, self.table, self.late = job, table, late
        self.timeout_s, self.wait_s = timeout_s, wait_s
        self.future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        """Tells the caller."""
        self.since_s = monotonic()
        self.due_s = self.since_s + (wait_s if wait_s < timeout_s else timeout_s)
        """When somebody has to look at it."""
        self.place: Place | None = None
        """Set while it runs."""
        self.began_s = self.stopped_s = inf
        self.is_withdrawn = self.is_told = False
        self.error: BaseException | None = None
        self.instead: Exception | None = None
        """What the caller is told of a call that was interrupted."""
        self._stopped: asyncio.Future[None] | None = None

    # ------------------------------------------------ in the thread

    def run(self, place: Place) -> None:
        """Run it, if its caller still waits, and keep what it gives; raises nothing."""
        with _state:
            if self.is_withdrawn or self.stopped_s < inf:
                self.error = self.error or asyncio.InvalidStateError("withdrawn")
                return
            self.place, self.began_s, self.error = place, monotonic(), None
        try:
            self.value: T = self.job(place.raw)
        except StopIteration as error:
            self.error = RuntimeError("a job raised StopIteration, which no future carries")
            self.error.__cause__ = error
        except BaseException as error:
            self.error = error
        with _state:
            self.place = None

    def put_back(self) -> None:
        """Let it wait again: what it did was undone, and it can be withdrawn."""
        with _state:
            self.began_s, self.error = inf, None

    def fail(self, error: BaseException) -> None:
        """Let it end with `error`, whatever interrupted it; `tell` says so."""
        self.error, self.instead = error, None

    # ------------------------------------------------ in the loop

    async def told(self, watch: Watch) -> T:
        """Wait for what it gives, under `watch`; whoever is cancelled goes on when it is over."""
        watch.add(self)
        try:
            return await self.future
        except asyncio.CancelledError:
            await self._ended(watch)
            raise
        finally:
            watch.discard(self)

    def withdraw(self) -> bool:
        """Take it back; False if it has begun."""
        with _state:
            self.is_withdrawn = self.is_withdrawn or self.began_s == inf
        return self.is_withdrawn

    def interrupt(self) -> None:
        """Interrupt it while it runs, and never what runs after it."""
        with _state:
            if self.place is not None:
                self.place.raw.interrupt()

    async def _ended(self, watch: Watch) -> None:
        """Take it back, or interrupt it until it is over; a cancellation meanwhile changes nothing."""
        if self.is_told or self.withdraw():
            return
        self._stopped = asyncio.get_running_loop().create_future()
        self.stop()
        watch.add(self)
        await settle(self._stopped)

    def stop(self, instead: Exception | None = None) -> None:
        """Interrupt it now; whoever watches it does so again until it is over."""
        self.instead, now_s = instead, monotonic()
        with _state:
            self.stopped_s = min(self.stopped_s, now_s)
        self.due_s = now_s + INTERRUPT_EVERY_S
        self.interrupt()

    def tell(self) -> None:
        """Tell the caller, once."""
        self.is_told, error = True, self.error
        if self._stopped is not None and not self._stopped.done():
            self._stopped.set_result(None)
        if self.future.done():
            return
        if error is None:
            self.future.set_result(self.value)
            del self.value  # the thread keeps its last call until the next
        else:
            self.error = None  # or it and its traceback hold each other
            self.future.set_exception(self.instead or error)


AnyCall = Call[Any]
