"""Connections that only read: a few kept open for queries, and one of its own for each stream."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from tools.db.contract import Unavailable
from tools.db.sqlite.connection import Connection
from tools.db.sqlite.writer import Job
from tools.db.turns import settle

T = TypeVar("T")


class Readers:
    """A slow query takes one of several connections, and a slow reader of a stream none of them."""

    def __init__(self, connect: Callable[[], Connection], *, count: int, streams: int, wait_s: float) -> None:
        self._connect = connect
        self._idle: asyncio.LifoQueue[Connection] = asyncio.LifoQueue()
        self._all = [connect() for _ in range(count)]
        self._places = asyncio.Semaphore(streams)
        self._wait_s = wait_s

    async def open(self) -> None:
        """Open all, so that a file that cannot be read is found at boot."""
        for connection in self._all:
            await connection.run(_nothing, self._wait_s)
            self._idle.put_nowait(connection)

    async def run(self, job: Job[T], timeout_s: float) -> T:
        """Run one query.

        Raises:
            Unavailable: no connection was free in time.
        """
        try:
            async with asyncio.timeout(self._wait_s):
                connection = await self._idle.get()
        except TimeoutError:
            raise Unavailable(f"all {len(self._all)} readers are busy since {self._wait_s:g} s") from None
        try:
            return await connection.run(job, timeout_s)
        finally:
            self._idle.put_nowait(connection)

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
        connection = self._connect()
        self._all.append(connection)
        try:
            yield connection
        finally:
            task = asyncio.ensure_future(connection.close())
            cancelled = await settle(task)
            self._all.remove(connection)
            self._places.release()
            if cancelled:
                raise cancelled

    async def close(self) -> None:
        """Close all of them, open streams too."""
        for connection in list(self._all):
            await connection.close()


def _nothing(raw: sqlite3.Connection) -> None:
    pass
