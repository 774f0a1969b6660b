"""`db` on PostgreSQL: statements on a pool of connections, a transaction on one of them, a stream on one of its own."""

import asyncio
from collections.abc import AsyncGenerator
from functools import partial
from typing import Any

from tools.db.contract import DbError, Table, Unavailable, UnknownOutcomeError
from tools.db.engine import Session, UnitView
from tools.db.migrations.engine import MigrationEngine
from tools.db.postgres.faults import ConnectionLostError, remedy, translated
from tools.db.postgres.jobs import Job, Jobs
from tools.db.postgres.migration_steps import PostgresSteps
from tools.db.postgres.pool import Pool
from tools.db.postgres.schema import tables
from tools.db.postgres.server import Server
from tools.db.postgres.session import PostgresSession
from tools.db.postgres.stream import Streams, chunks_within
from tools.db.postgres.wire import Raw
from tools.db.prepared import Prepared, Writing
from tools.db.rows import Row
from tools.db.settings import DbSettings
from tools.db.values import checked

_HEALTH_TIMEOUT_S = 1.9
_HEALTH_WAIT_S = 0.2
"""For one of the pool; where all are at work, another is opened to ask."""


class Postgres:
    """`Engine` on a server; it connects at `open`."""

    writing = Writing("postgresql", checked)
    runs_whole = False

    def __init__(self, settings: DbSettings) -> None:
        self._settings = settings
        self.wait_s = settings.db_wait_timeout_s
        self.server = Server(settings.database_url, timeout_s=settings.db_timeout_s, wait_s=self.wait_s)
        self.jobs = Jobs()
        self._open_pool: Pool | None = None
        self._streams: Streams | None = None

    def rows(self, prepared: Prepared, into: type | None, *, is_one: bool = False) -> Job:
        return lambda raw: self.jobs.rows(raw, prepared, into, is_one=is_one)

    def change(self, prepared: Prepared) -> Job:
        return lambda raw: self.jobs.change(raw, prepared)

    def change_many(self, prepared: Prepared) -> Job:
        return lambda raw: self.jobs.change_many(raw, prepared)

    async def run(self, job: Job, *, is_read: bool) -> Any:
        pool = self.pool
        raw = pool.idle() or await pool.take()
        try:
            answer = await job(raw)
        except ConnectionLostError:
            pool.drop(raw)
            if is_read:
                raise
            raise UnknownOutcomeError from None
        except DbError:
            pool.give(raw)
            raise
        except BaseException:
            pool.mend(raw)
            raise
        pool.give(raw)
        return answer

    async def session(self) -> Session:
        return PostgresSession(self.pool, await self.pool.take(), self.jobs)

    def chunks(self, prepared: Prepared, unit: UnitView | None) -> AsyncGenerator[list[Row], None]:
        if unit is not None:
            return chunks_within(unit, self.jobs, prepared)
        if self._streams is None:
            raise _not_open()
        return self._streams.chunks(self.jobs, prepared)

    def tables(self) -> Job:
        return _tables

    def steps(self) -> MigrationEngine:
        return PostgresSteps(partial(self.server.connect, has_limit=False))

    async def open(self) -> None:
        """Connect once, so that what cannot work is found at boot; others follow at need."""
        settings = self._settings
        self._open_pool = Pool(self.server.connect, size=settings.db_pool_size, wait_s=self.wait_s)
        self._streams = Streams(self.server, count=settings.db_streams, wait_s=self.wait_s)
        self._open_pool.give(await self._open_pool.take())

    def remedy(self, error: BaseException) -> str:
        cause = error.__cause__ or error
        advice = remedy(cause)
        return f"db cannot use {self.server.name}: {cause}: {advice}" if advice else ""

    async def check_health(self) -> None:
        try:
            async with asyncio.timeout(_HEALTH_TIMEOUT_S):
                await self._asked()
        except TimeoutError:
            raise Unavailable(f"{self.server.name} did not answer within {_HEALTH_TIMEOUT_S:g} s") from None

    async def close(self) -> None:
        pool, self._open_pool = self._open_pool, None
        streams, self._streams = self._streams, None
        if streams is not None:
            await streams.close()
        if pool is not None:
            await pool.close()

    @property
    def pool(self) -> Pool:
        """The connections.

        Raises:
            Unavailable: it is not open.
        """
        if self._open_pool is None:
            raise _not_open()
        return self._open_pool

    async def _asked(self) -> None:
        try:
            raw = await self.pool.take(_HEALTH_WAIT_S)
        except Unavailable:
            raw = await self.server.connect(wait_s=_HEALTH_TIMEOUT_S)
            try:
                await _check_writable(raw)
            finally:
                raw.terminate()
            return
        try:
            await _check_writable(raw)
        except BaseException:
            self.pool.mend(raw)
            raise
        self.pool.give(raw)


async def _check_writable(raw: Raw) -> None:
    with translated():
        if await raw.fetchval("SHOW transaction_read_only") == "on":
            raise Unavailable("the server is a copy that can only be read")


async def _tables(raw: Raw) -> list[Table]:
    with translated():
        return await tables(raw)


def _not_open() -> Unavailable:
    return Unavailable("it is open from on_boot to on_shutdown only")
