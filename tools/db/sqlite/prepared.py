"""A statement with its values, ready for a thread: how it is read, and how it changes rows."""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from tools.db.contract import DbError, Params, Sql
from tools.db.sqlite.faults import translated
from tools.db.sqlite.schema import Keys
from tools.db.sqlite.values import Row, named_rows
from tools.db.statement import Bound, Statement, bind, read

_CHUNK_ROWS = 500


class Prepared(NamedTuple):
    """Its methods take the sqlite3 connection: they run in its thread."""

    statement: Statement
    bound: Sequence[Bound]
    """The values, once for each run."""

    def rows(self, raw: sqlite3.Connection, *, is_one: bool = False) -> list[Row]:
        """Give the rows; what changes some is run to its end in any case, or it would not be stored."""
        with self._translated(raw):
            cursor = self._executed(raw)
            found = cursor.fetchmany(1) if is_one and self.statement.is_read else cursor.fetchall()
            names = [column[0] for column in cursor.description or ()]
            cursor.close()
        return named_rows(names, found)

    def change(self, raw: sqlite3.Connection, keys: Keys) -> int | None:
        """Give the last key, where the table has one for us, or the number of rows changed."""
        with self._translated(raw):
            key = keys.of(raw, self.statement.table) if self.statement.is_insert else ""
            if not key:
                return self._count(raw, self.bound[0])
            name = key.replace('"', '""')
            found = raw.execute(f'{self.statement.text} RETURNING "{name}"', self.bound[0]).fetchall()
            return found[-1][0] if found else None

    def change_many(self, raw: sqlite3.Connection) -> int:
        """Run once for each set of values; give the number of rows changed."""
        with self._translated(raw):
            return sum(self._count(raw, values) for values in self.bound)

    def open(self, raw: sqlite3.Connection, cursors: set[sqlite3.Cursor]) -> sqlite3.Cursor:
        """Give a cursor, also to `cursors`: the caller may no longer be there."""
        with self._translated(raw):
            cursor = self._executed(raw)
            cursors.add(cursor)
            return cursor

    def chunk(self, raw: sqlite3.Connection, cursor: sqlite3.Cursor) -> list[Row]:
        """Give the next rows of a cursor; none at its end."""
        with self._translated(raw):
            return named_rows([column[0] for column in cursor.description or ()], cursor.fetchmany(_CHUNK_ROWS))

    def refusing_rows(self) -> "Prepared":
        """Refuse a statement that gives rows of its own."""
        if self.statement.has_returning:
            raise DbError("db.execute got a statement with RETURNING: give it to query_one, or to query")
        return self

    def refusing_changes(self) -> "Prepared":
        """Refuse a statement that is no query."""
        if not self.statement.is_read:
            raise DbError(f"db.stream got {self.statement.verb!r}: give it to execute, query or query_one")
        return self

    def _translated(self, raw: sqlite3.Connection) -> Any:
        return translated(raw, self.statement.table, is_write=not self.statement.is_read)

    def _executed(self, raw: sqlite3.Connection) -> sqlite3.Cursor:
        return raw.execute(self.statement.text, self.bound[0])

    def _count(self, raw: sqlite3.Connection, values: Bound) -> int:
        cursor = raw.execute(self.statement.text, values)
        count = cursor.rowcount
        cursor.close()
        if count < 0 and self.statement.is_change:  # sqlite3 does not count behind a WITH
            (count,) = raw.execute("SELECT changes()").fetchone()
        return max(count, 0)


def prepare(sql: Sql, params: Params) -> Prepared:
    """Read `sql` and fit `params` to it.

    Raises:
        ParameterError: they do not fit.
        DbError: it is no statement for this tool.
    """
    if not isinstance(sql, str):
        from tools.db.core_statement import compiled

        sql, params = compiled(sql, params)
    statement = read(sql)
    return Prepared(statement, [bind(statement, params)])


def prepare_many(sql: Sql, rows: Sequence[Sequence[Any] | Mapping[str, Any]]) -> Prepared:
    """Read `sql` and fit each of `rows` to it, of which there is at least one."""
    if not isinstance(sql, str):
        from tools.db.core_statement import compiled_many

        sql, rows = compiled_many(sql, rows)
    statement = read(sql)
    return Prepared(statement, [bind(statement, row) for row in rows])
