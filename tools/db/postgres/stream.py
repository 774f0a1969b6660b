"""Rows some at a time: on a connection of its own, or on the unit of work around it."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress

from tools.db.contract import Unavailable
from tools.db.engine import UnitView
from tools.db.postgres.faults import translated
from tools.db.postgres.jobs import Jobs
from tools.db.postgres.server import Server
from tools.db.postgres.wire import Raw
from tools.db.prepared import Prepared
from tools.db.rows import Row
from tools.db.turns import settle

_CHUNK_ROWS = 500
_END_TIMEOUT_S = 2.0


class Streams:
    """A slow reader of a stream keeps its own connection, and nobody else waiting."""

    def __init__(self, server: Server, *, count: int, wait_s: float) -> None:
        self._server, self._wait_s = server, wait_s
        self._places = asyncio.Semaphore(count)
        self._open: set[Raw] = set()

    async def chunks(self, jobs: Jobs, prepared: Prepared) -> AsyncGenerator[list[Row], None]:
        """Read in a transaction that only reads, and so sees one state from first row to last."""
        async with self._of_its_own() as raw:
            with translated():
                await raw.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            cursor = await jobs.opened(raw, prepared)
            while found := await jobs.chunk(raw, prepared, cursor, _CHUNK_ROWS):
                yield found

    async def close(self) -> None:
        """Close those that are open."""
        for raw in list(self._open):
            raw.terminate()

    @asynccontextmanager
    async def _of_its_own(self) -> AsyncIterator[Raw]:
        try:
            async with asyncio.timeout(self._wait_s):
                await self._places.acquire()
        except TimeoutError:
            raise Unavailable(f"DB_STREAMS are open since {self._wait_s:g} s") from None
        raw = None
        try:
            raw = await self._server.connect()
            self._open.add(raw)
            yield raw
        finally:
            self._places.release()
            if raw is not None:
                self._open.discard(raw)
                task = asyncio.ensure_future(_ended(raw))
                if cancelled := await settle(task):
                    raise cancelled


async def chunks_within(unit: UnitView, jobs: Jobs, prepared: Prepared) -> AsyncGenerator[list[Row], None]:
    """Read what the unit sees; its other statements run in between. The cursor ends with the transaction."""
    cursor = await unit.run(lambda raw: jobs.opened(raw, prepared))
    while found := await unit.run(lambda raw: jobs.chunk(raw, prepared, cursor, _CHUNK_ROWS)):
        yield found


async def _ended(raw: Raw) -> None:
    try:
        with suppress(Exception):
            async with asyncio.timeout(_END_TIMEOUT_S):
                await raw.close()
    finally:
        raw.terminate()
