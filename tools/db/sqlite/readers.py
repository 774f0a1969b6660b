"""Connections that only read: a few kept open for queries, and one of its own for each stream."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from tools.db.contract import Unavailable
from tools.db.sqlite.call import Call, Job, T
from tools.db.sqlite.connection import Connection
from tools.db.sqlite.threads import Connect, Threads
from tools.db.turns import settle


class Readers:
    """A slow query takes one of several connections, and a slow reader of a stream none of them."""

    def __init__(self, connect: Connect, *, count: int, streams: int, wait_s: float) -> None:
        self._connect, self._count, self._wait_s = connect, count, wait_s
        self._threads = Threads(connect, count)
        self._streams: list[Connection] = []
        self._places = asyncio.Semaphore(streams)

    async def open(self) -> None:
        """Open all, so that a file that cannot be read is found at boot."""
        await asyncio.gather(*(self.run(_nothing, self._wait_s) for _ in range(self._count)))

    def run(self, job: Job[T], timeout_s: float) -> Coroutine[Any, Any, T]:
        """Run one query; to be awaited at once.

        Raises:
            Unavailable: no connection was free in time.
        """
        call = Call(job, timeout_s, self._wait_s, self._late)
        self._threads.submit(call)
        return call.told(self._threads.watch)

    @asynccontextmanager
    async def of_its_own(self) -> AsyncIterator[Connection]:
        """Open a connection for one stream.

        Raises:
            Unavailable: too many streams are open.
        """
        try:
            async with asyncio.timeout(self._wait_s):
                await self._places.acquire()
        except TimeoutError:
            raise Unavailable(f"DB_STREAMS are open since {self._wait_s:g} s") from None
        connection = Connection(self._connect)
        self._streams.append(connection)
        try:
            yield connection
        finally:
            task = asyncio.ensure_future(connection.close())
            cancelled = await settle(task)
            self._streams.remove(connection)
            self._places.release()
            if cancelled:
                raise cancelled

    async def close(self) -> None:
        """Close all of them, open streams too."""
        for connection in list(self._streams):
            await connection.close()
        await self._threads.close()

    def _late(self) -> Exception:
        return Unavailable(f"all {self._count} readers are busy since {self._wait_s:g} s")


def _nothing(raw: sqlite3.Connection) -> None:
    pass
