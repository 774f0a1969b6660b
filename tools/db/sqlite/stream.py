"""Rows some at a time: on a connection of its own, or on the unit of work around it."""

import sqlite3
from collections.abc import AsyncGenerator
from contextlib import suppress

from tools.db.contract import UnitClosedError
from tools.db.engine import UnitView
from tools.db.prepared import Prepared
from tools.db.rows import Row
from tools.db.sqlite.jobs import chunk, opened, rows
from tools.db.sqlite.readers import Readers
from tools.db.sqlite.writer import Writer


async def chunks_apart(readers: Readers, prepared: Prepared, timeout_s: float) -> AsyncGenerator[list[Row], None]:
    """Read on a connection that is closed with the stream: a slow reader keeps no one else waiting."""
    cursors: set[sqlite3.Cursor] = set()
    async with readers.of_its_own() as connection:
        cursor = await connection.run(lambda raw: opened(raw, prepared, cursors), timeout_s)
        while found := await connection.run(lambda raw: chunk(raw, prepared, cursor), timeout_s):
            yield found


async def chunks_within(unit: UnitView, prepared: Prepared) -> AsyncGenerator[list[Row], None]:
    """Read what the unit sees; its other statements run in between."""
    cursor = await unit.run(lambda raw: opened(raw, prepared, unit.cursors))
    try:
        while found := await unit.run(lambda raw: chunk(raw, prepared, cursor)):
            yield found
    finally:
        with suppress(UnitClosedError):  # the unit closes its cursors when it ends
            await unit.run(lambda raw: _close(cursor, unit.cursors))


async def chunks_in_memory(writer: Writer, prepared: Prepared) -> AsyncGenerator[list[Row], None]:
    """Read all at once: in memory there is one connection, and no stream may keep it."""
    yield await writer.run(lambda raw: rows(raw, prepared, None))


def _close(cursor: sqlite3.Cursor, cursors: set[sqlite3.Cursor]) -> None:
    cursor.close()
    cursors.discard(cursor)
