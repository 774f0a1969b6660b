"""`db` on SQLite: reads on several connections, writes on one, each statement one hop to a thread."""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, aclosing
from contextvars import ContextVar
from functools import partial
from typing import Any, TypeVar

from hookspecs import Command, Fact, System, hookimpl
from tools.db.contract import DbError, Params, Sql, Table, Unavailable
from tools.db.migrations.apply import Migrations
from tools.db.migrations.command import migrate_command
from tools.db.migrations.files import collected
from tools.db.settings import DbSettings
from tools.db.sqlite.faults import remedy
from tools.db.sqlite.file import SqliteFile
from tools.db.sqlite.prepared import Prepared, prepare, prepare_many
from tools.db.sqlite.readers import Readers
from tools.db.sqlite.schema import Keys, facts, tables
from tools.db.sqlite.stream import chunks_apart, chunks_in_memory, chunks_within
from tools.db.sqlite.values import Row, fitted
from tools.db.sqlite.write_probe import probe_write
from tools.db.sqlite.writer import Job, Writer
from tools.db.transaction import Callback, Transaction, called
from tools.db.unit import Unit

T = TypeVar("T")
log = logging.getLogger(__name__)

_HEALTH_TIMEOUT_S = 2.0
_OLDEST_SQLITE = (3, 37)  # for pragma_table_list


class Sqlite:
    """`Db` in one file, or in memory; it opens nothing before `on_boot`."""

    def __init__(self, settings: DbSettings) -> None:
        self._settings = settings
        self._file = SqliteFile(settings.database_url, settings.db_wait_timeout_s)
        self._current: ContextVar[Unit | None] = ContextVar("unit", default=None)
        self._keys = Keys()
        self._called: set[asyncio.Task[None]] = set()
        self._facts: list[Fact] = []
        self._open_writer: Writer | None = None
        self._readers: Readers | None = None
        self._migrations: Migrations | None = None

    async def query(self, sql: Sql, params: Params = None, *, into: type | None = None) -> list[Any]:
        prepared = prepare(sql, params)
        return await self._run(prepared, lambda raw: fitted(prepared.rows(raw), into))

    async def query_one(self, sql: Sql, params: Params = None, *, into: type | None = None) -> Any:
        prepared = prepare(sql, params)
        rows = await self._run(prepared, lambda raw: fitted(prepared.rows(raw, is_one=True), into))
        return rows[0] if rows else None

    async def execute(self, sql: Sql, params: Params = None) -> int | None:
        prepared = prepare(sql, params).refusing_rows()
        return await self._run(prepared, lambda raw: prepared.change(raw, self._keys))

    async def execute_many(self, sql: Sql, rows: Iterable[Sequence[Any] | Mapping[str, Any]]) -> int:
        given = list(rows)
        if not given:
            return 0
        prepared = prepare_many(sql, given).refusing_rows()
        async with self.transaction():
            return await self._run(prepared, prepared.change_many)

    async def stream(self, sql: Sql, params: Params = None, *, into: type | None = None) -> AsyncGenerator[Any, None]:
        prepared = prepare(sql, params).refusing_changes()
        async with aclosing(self._chunks(prepared)) as chunks:
            async for chunk in chunks:
                for row in fitted(chunk, into):
                    yield row

    def transaction(self) -> AbstractAsyncContextManager[None]:
        return Transaction(self._writer, self._current)

    def after_commit(self, callback: Callback) -> None:
        unit = self._current.get()
        if unit is not None:
            unit.check()
            unit.callbacks.append(callback)
        elif (answer := called(callback)) is not None:
            task = asyncio.ensure_future(answer)
            self._called.add(task)
            task.add_done_callback(self._called.discard)

    async def describe_schema(self) -> list[Table]:
        return await self._read(tables)

    @hookimpl
    async def on_boot(self, system: System) -> None:
        if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
            raise Unavailable(f"SQLite {sqlite3.sqlite_version} is too old: use a Python with 3.37 or later")
        try:
            await self._open()
            files = collected(system.domains, await system.gather("register_migrations"))
            self._migrations = Migrations(self._writer, self._file.configure, files)
            await self._migrate(self._migrations)
            self._facts = facts(await self._read(tables), self._migrations.owners())
        except BaseException as error:
            await self.on_shutdown()
            cause = error.__cause__ or error
            if advice := remedy(cause):
                raise DbError(f"db cannot use {self._file.path}: {cause}: {advice}") from error
            raise

    @hookimpl
    def describe(self) -> Iterable[Fact]:
        return self._facts

    @hookimpl
    def register_commands(self) -> Iterable[Command]:
        return [migrate_command(self._migrations)] if self._migrations else []

    @hookimpl
    async def check_health(self) -> None:
        if self._readers is not None:
            await self._readers.run(lambda raw: raw.execute("SELECT 1").fetchone(), _HEALTH_TIMEOUT_S)
        await self._writer.probe(partial(probe_write, configure=self._file.configure), _HEALTH_TIMEOUT_S)

    @hookimpl
    async def on_shutdown(self) -> None:
        if self._called:
            await asyncio.wait(self._called, timeout=self._settings.db_wait_timeout_s)
        writer, self._open_writer = self._open_writer, None
        readers, self._readers = self._readers, None
        if readers is not None:
            await readers.close()
        if writer is not None:
            await writer.close()

    @property
    def _writer(self) -> Writer:
        if self._open_writer is None:
            raise Unavailable("it is open from on_boot to on_shutdown only")
        return self._open_writer

    async def _open(self) -> None:
        settings, wait_s = self._settings, self._settings.db_wait_timeout_s
        self._file.create()
        self._open_writer = Writer(self._file.writer(), timeout_s=settings.db_timeout_s, wait_s=wait_s)
        await self._open_writer.run(lambda raw: None)  # before the readers: it makes the file what they expect
        if self._file.path is not None:
            count, streams = settings.db_readers, settings.db_streams
            self._readers = Readers(self._file.reader, count=count, streams=streams, wait_s=wait_s)
            await self._readers.open()

    async def _migrate(self, migrations: Migrations) -> None:
        if self._settings.db_migrate:
            async for file in migrations.apply():
                log.info("db applied %s", file.file)
        elif pending := await migrations.pending():
            log.warning("db has %d pending migrations: run `python -m manifest migrate`", len(pending))

    async def _run(self, prepared: Prepared, job: Job[T]) -> T:
        unit = self._current.get()
        if unit is not None:
            return await unit.run(job)
        if prepared.statement.has_returning:
            async with self.transaction():  # rows that do not fit `into` are an error: then nothing may be stored
                return await self._run(prepared, job)
        return await (self._read(job) if prepared.statement.is_read else self._writer.run(job))

    async def _read(self, job: Job[T]) -> T:
        """Read outside of any transaction: what is committed, and in memory after whose turn it is."""
        if self._readers is None:
            return await self._writer.run(job)
        return await self._readers.run(job, self._settings.db_timeout_s)

    def _chunks(self, prepared: Prepared) -> AsyncGenerator[list[Row], None]:
        unit = self._current.get()
        if unit is not None:
            return chunks_within(unit, prepared)
        if self._readers is None:
            return chunks_in_memory(self._writer, prepared)
        return chunks_apart(self._readers, prepared, self._settings.db_timeout_s)
