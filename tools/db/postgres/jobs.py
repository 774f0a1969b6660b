"""Statements as jobs for a connection: how they are read, and how they change rows."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import asyncpg

from tools.db.binding import Bound
from tools.db.contract import DbError, ParameterError
from tools.db.postgres import ddl
from tools.db.postgres.catalog import Catalog
from tools.db.postgres.faults import is_said, translated
from tools.db.postgres.parameters import Plan, Plans
from tools.db.postgres.script import statements
from tools.db.postgres.wire import Raw
from tools.db.prepared import Prepared
from tools.db.rows import Row, named_rows, shaped

Job = Callable[[Raw], Awaitable[Any]]

_MOST_PARAMETERS = 32_767
_DDL = ("CREATE", "ALTER", "DROP", "COMMENT", "DO")


class Jobs:
    """What makes them, with what is known of statements and tables."""

    def __init__(self) -> None:
        self.catalog, self._plans = Catalog(), Plans()
        self._changing: set[Raw] = set()
        """Connections whose transaction changed the schema: others do not see that yet, and it may be undone."""

    async def rows(self, raw: Raw, prepared: Prepared, into: type | None, *, is_one: bool = False) -> list[Any]:
        """Give the rows; of a read that wants one, no more than that are fetched."""
        statement = prepared.statement
        with translated(statement, self.catalog):
            if statement.verb in _DDL:
                await self._counted(raw, prepared)
                return []
            if statement.is_change:
                await self.catalog.know(raw)
            if is_one and statement.is_read:
                record = await self._sent(raw, statement.text, prepared.bound[0], raw.fetchrow)
                records = [] if record is None else [record]
            else:
                records = await self._sent(raw, statement.text, prepared.bound[0], raw.fetch)
            if statement.verb == "CALL":
                self._changed(raw)
        return _shaped(records, into)

    async def change(self, raw: Raw, prepared: Prepared) -> int | None:
        """Give the last key, where the table has one for us, or the number of rows changed."""
        statement = prepared.statement
        with translated(statement, self.catalog):
            await self.catalog.know(raw)
            key = await self.catalog.key(raw, statement.table) if statement.is_insert else ""
            if not key:
                return await self._counted(raw, prepared)
            name = key.replace('"', '""')
            try:
                text = f'{statement.text} RETURNING "{name}"'
                found = await self._sent(raw, text, prepared.bound[0], raw.fetch)
            except asyncpg.UndefinedColumnError:
                self.forget()  # another process may have given the table another key
                raise
            return found[-1][0] if found else None

    async def change_many(self, raw: Raw, prepared: Prepared) -> int:
        """Run once for each set of values, all on their way at once; give the number of rows changed."""
        statement = prepared.statement
        with translated(statement, self.catalog):
            await self.catalog.know(raw)
            if not statement.is_change or statement.verb == "MERGE":  # which returns rows since PostgreSQL 17 only
                return sum([await self._counted(raw, Prepared(statement, [bound])) for bound in prepared.bound])
            text = f"{statement.text} RETURNING 1"
            count = 0
            for plan, sets in await self._grouped(raw, text, prepared.bound):
                count += len(await raw.fetchmany(plan.text, sets))
            return count

    async def opened(self, raw: Raw, prepared: Prepared) -> Any:
        """Give a cursor; the connection is in a transaction."""
        with translated(prepared.statement, self.catalog):
            return await self._sent(raw, prepared.statement.text, prepared.bound[0], raw.cursor)

    async def chunk(self, raw: Raw, prepared: Prepared, cursor: Any, count: int) -> list[Row]:
        """Give the next rows of a cursor; none at its end."""
        with translated(prepared.statement, self.catalog):
            return _shaped(await cursor.fetch(count), None)

    def forget(self) -> None:
        """The schema was changed, or is not what was thought."""
        self.catalog.forget()
        self._plans.forget()

    def ended(self, raw: Raw) -> None:
        """A transaction ended, or went back to a savepoint."""
        if raw in self._changing:
            self.forget()
            if raw.is_closed() or not raw.is_in_transaction():
                self._changing.discard(raw)

    async def _sent(self, raw: Raw, text: str, bound: Bound, send: Callable[..., Awaitable[Any]]) -> Any:
        """Send it by a method of the connection; once more where a parameter's type is no longer what it was."""
        plan, values = await self._planned(raw, text, bound)
        try:
            return await send(plan.text, *values)
        except asyncpg.DataError as error:
            if is_said(error):
                raise
        self._plans.forget()
        plan, values = await self._planned(raw, text, bound)
        return await send(plan.text, *values)

    async def _planned(self, raw: Raw, text: str, bound: Bound) -> tuple[Plan, Any]:
        given = bound if isinstance(bound, tuple) else tuple(bound.values())
        if not given:
            return Plan(text, ()), ()
        if len(given) > _MOST_PARAMETERS:
            raise ParameterError(f"db was given {len(given)} parameters: give {_MOST_PARAMETERS} at most to PostgreSQL")
        plan = await self._plans.of(raw, text, given)
        return plan, plan.values(given)

    async def _grouped(self, raw: Raw, text: str, bounds: Iterable[Bound]) -> list[tuple[Plan, list[Any]]]:
        """The sets of values, in their order, those together that are sent alike."""
        groups: list[tuple[Plan, list[Any]]] = []
        for bound in bounds:
            plan, values = await self._planned(raw, text, bound)
            if not groups or groups[-1][0].text != plan.text:
                groups.append((plan, []))
            groups[-1][1].append(values)
        return groups

    async def _counted(self, raw: Raw, prepared: Prepared) -> int:
        statement = prepared.statement
        if statement.verb in _DDL:
            await self._defined(raw, statement.text)
            return 0
        status = await self._sent(raw, statement.text, prepared.bound[0], raw.execute)
        if statement.verb == "CALL":
            self._changed(raw)
        return int(status.rpartition(" ")[2]) if statement.is_change else 0

    async def _defined(self, raw: Raw, text: str) -> None:
        """Run what changes the schema."""
        if len(list(statements(text))) > 1:
            raise DbError("db was given two statements in one text: give it one at a time")
        try:
            await raw.execute(ddl.translated(text))
        finally:
            self._changed(raw)

    def _changed(self, raw: Raw) -> None:
        self.forget()
        if raw.is_in_transaction():
            self._changing.add(raw)


def _shaped(records: list[asyncpg.Record], into: type | None) -> list[Any]:
    """Make of each a dict, or what `into` names."""
    if not records:
        return []
    if into is not None:
        return shaped(tuple(records[0].keys()), list(map(tuple, records)), into)
    rows: list[Row] = list(map(dict, records))
    return rows if len(rows[0]) == len(records[0]) else named_rows(tuple(records[0].keys()), ())
