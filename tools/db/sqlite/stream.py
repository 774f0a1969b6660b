"""Rows some at a time: on a connection of its own, or on the unit of work around it."""

import sqlite3
from collections.abc import AsyncGenerator
from contextlib import suppress

from tools.db.contract import UnitClosedError
from tools.db.sqlite.prepared import Prepared
from tools.db.sqlite.readers import Readers
from tools.db.sqlite.values import Row
from tools.db.sqlite.writer import Writer
from tools.db.unit import Unit


async def chunks_apart(readers: Readers, prepared: Prepared, timeout_s: float) -> AsyncGenerator[list[Row], None]:
    """Read on a connection that is closed with the stream: a slow reader keeps no one else waiting."""
    cursors: set[sqlite3.Cursor] = set()
    async with readers.of_its_own() as connection:
        cursor = await connection.run(lambda raw: prepared.open(raw, cursors), timeout_s)
        while rows := await connection.run(lambda raw: prepared.chunk(raw, cursor), timeout_s):
            yield rows


async def chunks_within(unit: Unit, prepared: Prepared) -> AsyncGenerator[list[Row], None]:
    """Read what the unit sees; its other statements run in between."""
    cursor = await unit.run(lambda raw: prepared.open(raw, unit.cursors))
    try:
        while rows := await unit.run(lambda raw: prepared.chunk(raw, cursor)):
            yield rows
    finally:
        with suppress(UnitClosedError):  # the unit closes its cursors when it ends
            await unit.run(lambda raw: _close(cursor, unit.cursors))


async def chunks_in_memory(writer: Writer, prepared: Prepared) -> AsyncGenerator[list[Row], None]:
    """Read all at once: in memory there is one connection, and no stream may keep it."""
    yield await writer.run(prepared.rows)


def _close(cursor: sqlite3.Cursor, cursors: set[sqlite3.Cursor]) -> None:
    cursor.close()
    cursors.discard(cursor)
