"""Proves that a write could begin, and stores nothing."""

import sqlite3
from collections.abc import Callable

from tools.db.contract import Unavailable
from tools.db.sqlite.connection import insist, roll_back
from tools.db.sqlite.faults import is_busy, translated


def probe_write(raw: sqlite3.Connection, configure: Callable[[sqlite3.Connection], None]) -> None:
    """Begin a write and roll it back, in the connection's thread; another process that writes proves as much.

    Args:
        raw: the writer's connection, outside of any transaction.
        configure: sets again what was changed to look without waiting.

    Raises:
        Unavailable: nothing can be written.
    """
    try:
        raw.execute("PRAGMA busy_timeout = 0")
        with translated(raw):
            raw.execute("BEGIN IMMEDIATE")
            raw.execute("PRAGMA user_version = 0")  # on a read-only file BEGIN alone succeeds
    except Unavailable as error:
        if not is_busy(error.__cause__):
            raise
    finally:
        roll_back(raw)
        insist(configure, raw)
