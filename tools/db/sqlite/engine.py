"""`db` on SQLite: reads on several connections, writes on one, each statement one hop to a thread."""

import sqlite3
from collections.abc import AsyncGenerator, Coroutine
from functools import partial
from typing import Any, Generic, TypeVar

from tools.db.contract import Table, Unavailable
from tools.db.engine import Session, UnitView
from tools.db.migrations.engine import MigrationEngine
from tools.db.prepared import Prepared, Writing
from tools.db.rows import Row
from tools.db.settings import DbSettings
from tools.db.sqlite import jobs
from tools.db.sqlite.call import Job
from tools.db.sqlite.connection import Connection
from tools.db.sqlite.faults import remedy
from tools.db.sqlite.file import SqliteFile
from tools.db.sqlite.migration_steps import SqliteSteps
from tools.db.sqlite.readers import Readers
from tools.db.sqlite.schema import Keys, tables
from tools.db.sqlite.session import SqliteSession
from tools.db.sqlite.stream import chunks_apart, chunks_in_memory, chunks_within
from tools.db.sqlite.values import register_types, stored
from tools.db.sqlite.write_probe import probe_write
from tools.db.sqlite.writer import Writer
from tools.db.turns import take_turn

T = TypeVar("T")

_HEALTH_TIMEOUT_S = 2.0
_OLDEST_SQLITE = (3, 37)  # for pragma_table_list


class Change(Generic[T]):
    """A job that changes rows of `table`, and so may share its COMMIT with others."""

    def __init__(self, job: Job[T], table: str) -> None:
        self.job, self.table = job, table

    def __call__(self, raw: sqlite3.Connection) -> T:
        return self.job(raw)


class Sqlite:
    """`Engine` in one file, or in memory; it opens nothing before `open`."""

    writing = Writing("sqlite", stored)
    runs_whole = True

    def __init__(self, settings: DbSettings) -> None:
        self._settings = settings
        self._file = SqliteFile(settings.database_url, settings.db_wait_timeout_s)
        self._keys = Keys()
        self._open_writer: Writer | None = None
        self.readers: Readers | None = None
        self.wait_s = settings.db_wait_timeout_s

    def rows(self, prepared: Prepared, into: type | None, *, is_one: bool = False) -> Job[list[Any]]:
        return _changing(prepared, lambda raw: jobs.rows(raw, prepared, into, is_one=is_one))

    def change(self, prepared: Prepared) -> Job[int | None]:
        return _changing(prepared, lambda raw: jobs.change(raw, prepared, self._keys))

    def change_many(self, prepared: Prepared) -> Job[int]:
        return lambda raw: jobs.change_many(raw, prepared)

    def run(self, job: Job[T], *, is_read: bool) -> Coroutine[Any, Any, T]:
        """Run it apart: a read sees what is committed, and takes in memory its turn with the others."""
        if is_read and self.readers is not None:
            return self.readers.run(job, self._settings.db_timeout_s)
        if isinstance(job, Change):
            return self.writer.store(job.job, job.table)
        return self.writer.run(job)

    async def session(self) -> Session:
        writer = self.writer
        await take_turn(writer.lock, self.wait_s)
        return SqliteSession(writer)

    def chunks(self, prepared: Prepared, unit: UnitView | None) -> AsyncGenerator[list[Row], None]:
        if unit is not None:
            return chunks_within(unit, prepared)
        if self.readers is None:
            return chunks_in_memory(self.writer, prepared)
        return chunks_apart(self.readers, prepared, self._settings.db_timeout_s)

    def tables(self) -> Job[list[Table]]:
        return tables

    def steps(self) -> MigrationEngine:
        return SqliteSteps(self.writer, self._file.configure)

    async def open(self) -> None:
        if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
            raise Unavailable(f"SQLite {sqlite3.sqlite_version} is too old: use a Python with 3.37 or later")
        settings, wait_s = self._settings, self.wait_s
        register_types()
        if settings.db_create:
            self._file.create()
        self._file.check()
        self._open_writer = Writer(
            Connection(self._file.connect), self._keys, timeout_s=settings.db_timeout_s, wait_s=wait_s
        )
        await self._open_writer.run(lambda raw: None)  # before the readers: it makes the file what they expect
        if self._file.path is not None:
            count, streams = settings.db_readers, settings.db_streams
            self.readers = Readers(
                partial(self._file.connect, is_reader=True), count=count, streams=streams, wait_s=wait_s
            )
            await self.readers.open()

    def remedy(self, error: BaseException) -> str:
        cause = error.__cause__ or error
        advice = remedy(cause)
        return f"db cannot use {self._file.path}: {cause}: {advice}" if advice else ""

    async def check_health(self) -> None:
        if self.readers is not None:
            await self.readers.run(lambda raw: self._file.check_same(), _HEALTH_TIMEOUT_S)
        await self.writer.probe(partial(probe_write, configure=self._file.configure), _HEALTH_TIMEOUT_S)

    async def close(self) -> None:
        writer, self._open_writer = self._open_writer, None
        readers, self.readers = self.readers, None
        if readers is not None:
            await readers.close()
        if writer is not None:
            await writer.close()

    @property
    def writer(self) -> Writer:
        """The one that writes.

        Raises:
            Unavailable: it is not open, or its file is damaged.
        """
        if self._file.damage:
            raise Unavailable(f"its file is damaged, {self._file.damage}: restore a backup of it, and start again")
        if self._open_writer is None:
            raise Unavailable("it is open from on_boot to on_shutdown only")
        return self._open_writer


def _changing(prepared: Prepared, job: Job[T]) -> Job[T]:
    return Change(job, prepared.statement.table) if prepared.statement.is_change else job
