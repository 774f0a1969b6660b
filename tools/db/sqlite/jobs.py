"""Statements as jobs for a connection's thread: how they are read, and how they change rows."""

import sqlite3
from contextlib import AbstractContextManager
from typing import Any

from tools.db.binding import Bound
from tools.db.prepared import Prepared
from tools.db.rows import Row, named_rows, shaped
from tools.db.sqlite.faults import TOLD, told, translated
from tools.db.sqlite.schema import Keys

_CHUNK_ROWS = 500


def rows(raw: sqlite3.Connection, prepared: Prepared, into: type | None, *, is_one: bool = False) -> list[Any]:
    """Give the rows; what changes some is run to its end in any case, or it would not be stored."""
    statement = prepared.statement
    cursor = raw.cursor()
    try:
        cursor.execute(statement.text, prepared.bound[0])
        found = cursor.fetchmany(1) if is_one and statement.is_read else cursor.fetchall()
        names = _names(cursor)
        cursor.close()
    except TOLD as error:
        names = _names(cursor)
        cursor.close()  # now: the error's traceback keeps it, and an open one would hold what it reads
        raise told(raw, error, statement.table, is_write=not statement.is_read, names=names) from error
    return shaped(names, found, into)


def change(raw: sqlite3.Connection, prepared: Prepared, keys: Keys) -> int | None:
    """Give the last key, where the table has one for us, or the number of rows changed."""
    statement, values = prepared.statement, prepared.bound[0]
    try:
        text = keys.returning(raw, statement) if statement.is_insert else ""
        if not text:
            return _count(raw, prepared, values)
        found = raw.execute(text, values).fetchall()
        return found[-1][0] if found else None
    except TOLD as error:
        raise told(raw, error, statement.table, is_write=True) from error


def change_many(raw: sqlite3.Connection, prepared: Prepared) -> int:
    """Run once for each set of values; give the number of rows changed."""
    with _translated(raw, prepared):
        return sum(_count(raw, prepared, values) for values in prepared.bound)


def opened(raw: sqlite3.Connection, prepared: Prepared, cursors: set[sqlite3.Cursor]) -> sqlite3.Cursor:
    """Give a cursor, also to `cursors`: the caller may no longer be there."""
    with _translated(raw, prepared):
        cursor = raw.execute(prepared.statement.text, prepared.bound[0])
        cursors.add(cursor)
        return cursor


def chunk(raw: sqlite3.Connection, prepared: Prepared, cursor: sqlite3.Cursor) -> list[Row]:
    """Give the next rows of a cursor; none at its end."""
    try:
        return named_rows(_names(cursor), cursor.fetchmany(_CHUNK_ROWS))
    except TOLD as error:
        raise told(raw, error, prepared.statement.table, names=_names(cursor)) from error


def _names(cursor: sqlite3.Cursor) -> tuple[str, ...]:
    return tuple([column[0] for column in cursor.description or ()])


def _translated(raw: sqlite3.Connection, prepared: Prepared) -> AbstractContextManager[None]:
    return translated(raw, prepared.statement.table, is_write=not prepared.statement.is_read)


def _count(raw: sqlite3.Connection, prepared: Prepared, values: Bound) -> int:
    cursor = raw.execute(prepared.statement.text, values)
    count = cursor.rowcount
    cursor.close()
    if count < 0 and prepared.statement.is_change:  # sqlite3 does not count behind a WITH
        (count,) = raw.execute("SELECT changes()").fetchone()
    return max(count, 0)
