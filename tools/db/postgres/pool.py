"""At most so many connections, the one used last first. None is ever lost: it is idle, taken, being mended, or gone."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress

from tools.db.contract import Unavailable
from tools.db.postgres.wire import Raw

_MEND_TIMEOUT_S = 5.0
_END_TIMEOUT_S = 1.0
_CLOSED = "its connections were closed at the shutdown"


class Pool:
    """Who takes one gives it back, to `give`, `mend` or `drop`."""

    def __init__(self, connect: Callable[[], Awaitable[Raw]], *, size: int, wait_s: float) -> None:
        self._connect, self._size, self._wait_s = connect, size, wait_s
        self._idle: list[Raw] = []
        self._all: set[Raw] = set()
        self._count = 0
        """Of connections, with those that are being opened or mended."""
        self._waiting: deque[asyncio.Future[Raw | None]] = deque()
        self._at_work: set[asyncio.Task[object]] = set()
        self._dropped = asyncio.Event()
        self._is_closed = False

    @property
    def count(self) -> int:
        return self._count

    @property
    def idle_count(self) -> int:
        return len(self._idle)

    def idle(self) -> Raw | None:
        """Take one at once, if one is idle."""
        while self._idle:
            raw = self._idle.pop()
            if not raw.is_closed():
                return raw
            self.drop(raw)
        return None

    async def take(self, wait_s: float | None = None) -> Raw:
        """Take one, in the order of asking.

        Raises:
            Unavailable: none was free in time, or the server does not answer.
        """
        if self._is_closed:
            raise Unavailable(_CLOSED)
        if (raw := self.idle()) is not None:
            return raw
        limit_s = self._wait_s if wait_s is None else wait_s
        try:
            async with asyncio.timeout(limit_s):
                if self._count >= self._size:
                    return await self._waited()
                self._count += 1
                return await self._opened()
        except TimeoutError:
            raise Unavailable(f"none of {self._size} connections was free within {limit_s:g} s") from None

    def give(self, raw: Raw) -> None:
        """Give one back that is as it was."""
        if raw.is_closed() or self._is_closed:
            self.drop(raw)
        elif raw.is_in_transaction():
            self.mend(raw)
        elif (waiter := self._next()) is not None:
            waiter.set_result(raw)
        else:
            self._idle.append(raw)

    def mend(self, raw: Raw) -> None:
        """Give one back whose statement was cut: it is used again when the server has answered, or not at all."""
        self._start(self._mended(raw))

    def drop(self, raw: Raw) -> None:
        """Give one back that is of no use any more."""
        raw.terminate()
        if raw in self._all:
            self._all.remove(raw)
            self._dropped.set()
            self._free()

    async def close(self) -> None:
        """Close all, after those at work, if these end in time."""
        self._is_closed = True
        while (waiter := self._next()) is not None:
            waiter.set_exception(Unavailable(_CLOSED))
        while (raw := self.idle()) is not None:
            self._start(self._ended(raw))
        with suppress(TimeoutError):
            async with asyncio.timeout(self._wait_s):
                while self._all:
                    await self._dropped.wait()
                    self._dropped.clear()
        for raw in list(self._all):
            self.drop(raw)
        for task in self._at_work:
            task.cancel()

    async def _opened(self) -> Raw:
        """Open one in a task of its own: whoever asked may no longer be there when it stands."""
        task = self._start(self._made())
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if task.cancelled() and not _is_cancelled():
                raise Unavailable(_CLOSED) from None
            task.add_done_callback(self._unasked)
            raise

    async def _made(self) -> Raw:
        try:
            raw = await self._connect()
        except BaseException:
            self._free()
            raise
        self._all.add(raw)
        return raw

    def _unasked(self, task: "asyncio.Task[Raw]") -> None:
        if not task.cancelled() and task.exception() is None:
            self.give(task.result())

    async def _waited(self) -> Raw:
        waiter: asyncio.Future[Raw | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        try:
            raw = await waiter
        except BaseException:
            self._withdraw(waiter)
            raise
        return await self._opened() if raw is None else raw

    def _withdraw(self, waiter: "asyncio.Future[Raw | None]") -> None:
        if waiter in self._waiting:
            self._waiting.remove(waiter)
        elif waiter.done() and not waiter.cancelled() and waiter.exception() is None:
            if (raw := waiter.result()) is not None:  # it came together with the cancellation
                self.give(raw)
            else:
                self._free()

    def _next(self) -> "asyncio.Future[Raw | None] | None":
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                return waiter
        return None

    def _free(self) -> None:
        """There is room for a connection: the next who waits opens it."""
        if (waiter := self._next()) is not None:
            waiter.set_result(None)
        else:
            self._count -= 1

    async def _mended(self, raw: Raw) -> None:
        try:
            async with asyncio.timeout(_MEND_TIMEOUT_S):
                await raw.execute("ROLLBACK")  # waits until the server has taken note of the cancellation
        except Exception:
            self.drop(raw)
        except BaseException:
            self.drop(raw)
            raise
        else:
            self.give(raw)

    async def _ended(self, raw: Raw) -> None:
        try:
            with suppress(Exception):
                async with asyncio.timeout(_END_TIMEOUT_S):
                    await raw.close()
        finally:
            self.drop(raw)

    def _start(self, work: "Awaitable[object]") -> "asyncio.Task[object]":
        task = asyncio.ensure_future(work)
        self._at_work.add(task)
        task.add_done_callback(self._at_work.discard)
        return task


def _is_cancelled() -> bool:
    """Whether somebody cancelled who waits here, and not only what is waited for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
