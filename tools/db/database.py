"""`Db` on any engine: what a plugin calls, and what the kernel does."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, aclosing
from contextvars import ContextVar
from functools import partial
from typing import Any

import msgspec

from hookspecs import Command, Fact, System, hookimpl
from tools.db.contract import DbError, Params, Sql, Table
from tools.db.engine import Engine, Isolation, Job
from tools.db.migrations.apply import Migrations
from tools.db.migrations.command import migrate_command
from tools.db.migrations.files import found_in
from tools.db.note import noting_what_is_stored
from tools.db.prepared import Prepared, prepare, prepare_many
from tools.db.rows import fitted
from tools.db.settings import DbSettings
from tools.db.transaction import Callback, Transaction, called
from tools.db.unit import Unit

log = logging.getLogger(__name__)


class Database:
    """`Db`, and its life; it opens nothing before `on_boot`."""

    def __init__(self, engine: Engine, settings: DbSettings) -> None:
        self.engine, self._settings = engine, settings
        self._current: ContextVar[Unit | None] = ContextVar("unit", default=None)
        self._called: set[asyncio.Task[None]] = set()
        self._facts: list[Fact] = []
        self._migrations: Migrations | None = None

    @property
    def dialect(self) -> str:
        return self.engine.writing.dialect

    async def query(self, sql: Sql, params: Params = None, *, into: type | None = None) -> list[Any]:
        prepared = prepare(sql, params, self.engine.writing)
        rows: list[Any] = await self._run(prepared, self.engine.rows(prepared, into))
        return rows

    async def query_one(self, sql: Sql, params: Params = None, *, into: type | None = None) -> Any:
        prepared = prepare(sql, params, self.engine.writing)
        rows = await self._run(prepared, self.engine.rows(prepared, into, is_one=True))
        return rows[0] if rows else None

    async def execute(self, sql: Sql, params: Params = None) -> int | None:
        prepared = prepare(sql, params, self.engine.writing).refusing_rows()
        answer: int | None = await self._run(prepared, self.engine.change(prepared))
        return answer

    async def execute_many(self, sql: Sql, rows: Iterable[Sequence[Any] | Mapping[str, Any]]) -> int:
        given = list(rows)
        if not given:
            return 0
        prepared = prepare_many(sql, given, self.engine.writing).refusing_rows()
        async with self._transaction("statement"):
            count: int = await self._run(prepared, self.engine.change_many(prepared))
        return count

    async def stream(self, sql: Sql, params: Params = None, *, into: type | None = None) -> AsyncGenerator[Any, None]:
        prepared = prepare(sql, params, self.engine.writing).refusing_changes()
        async with aclosing(self.engine.chunks(prepared, self._current.get())) as chunks:
            async for chunk in chunks:
                for row in fitted(chunk, into):
                    yield row

    def transaction(self, *, serializable: bool = False) -> AbstractAsyncContextManager[None]:
        return self._transaction("serializable" if serializable else "snapshot")

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
        unit, job = self._current.get(), self.engine.tables()
        tables: list[Table] = await (unit.run(job) if unit else self.engine.run(job, is_read=True))
        return tables

    @hookimpl
    async def on_boot(self, system: System) -> None:
        try:
            await self.engine.open()
            self._migrations = Migrations(self.engine.steps(), await found_in(system))
            await self._migrate(self._migrations)
            owners = await self._migrations.owners()
            self._facts = [_fact(table, owners.get(table.name, "db")) for table in await self.describe_schema()]
        except BaseException as error:
            await self.on_shutdown()
            if message := self.engine.remedy(error):
                raise DbError(message) from error
            raise

    @hookimpl
    def describe(self) -> Iterable[Fact]:
        return self._facts

    @hookimpl
    def register_commands(self) -> Iterable[Command]:
        return [migrate_command(self._migrations)] if self._migrations else []

    @hookimpl
    async def check_health(self) -> None:
        await self.engine.check_health()

    @hookimpl
    async def on_shutdown(self) -> None:
        if self._called:
            await asyncio.wait(self._called, timeout=self._settings.db_wait_timeout_s)
        await self.engine.close()

    def _transaction(self, isolation: Isolation) -> Transaction:
        return Transaction(self.engine, self._current, isolation)

    async def _migrate(self, migrations: Migrations) -> None:
        if self._settings.db_migrate:
            await migrations.apply(partial(log.info, "db: %s"))
        elif pending := await migrations.pending():
            log.warning("db has %d pending migrations: run `python -m manifest migrate`", len(pending))

    def _run(self, prepared: Prepared, job: Job) -> Awaitable[Any]:
        unit = self._current.get()
        if unit is not None:
            return unit.run(job)
        if prepared.statement.may_return_changes and not self.engine.runs_whole:
            return self._run_whole(prepared, job)
        return self.engine.run(job, is_read=True) if prepared.statement.is_read else self._stored(job)

    async def _run_whole(self, prepared: Prepared, job: Job) -> Any:
        async with self._transaction("statement"):  # rows that do not fit `into`: then nothing may be stored
            return await self._run(prepared, job)

    async def _stored(self, job: Job) -> Any:
        with noting_what_is_stored():
            return await self.engine.run(job, is_read=False)


def _fact(table: Table, owner: str) -> Fact:
    """A table as the manifest shows it; what no migration made is the tool's."""
    data = msgspec.to_builtins(table)
    del data["name"]
    return Fact("table", owner, table.name, data=data)
