"""Migrations on SQLite: a file is a transaction, BEGIN IMMEDIATE the lock; foreign keys are checked at its end."""

import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager

from tools.db.contract import MigrationError, Unavailable
from tools.db.migrations.engine import LEDGER, Applied, IsPending, Say, Step, failed
from tools.db.migrations.files import MigrationFile
from tools.db.migrations.script import split
from tools.db.sqlite.connection import insist, roll_back
from tools.db.sqlite.faults import is_busy, translated
from tools.db.sqlite.values import UnreadableError
from tools.db.sqlite.writer import Writer
from tools.db.tokens import Token, tokens

_BUSY_TRY_MS = 200
"""The longest that the thread waits for another process and cannot be interrupted."""
_OLD_LEDGER = "SELECT 1 FROM pragma_table_info('_migrations') WHERE name = 'tables'"

Configure = Callable[[sqlite3.Connection], None]


class SqliteSteps:
    """`MigrationEngine` on the one connection that writes."""

    name = "sqlite"

    def __init__(self, writer: Writer, configure: Configure) -> None:
        self._writer, self._configure = writer, configure

    def statements(self, sql: str) -> Iterator[tuple[int, str]]:
        return split(sql, tokens(sql), _is_open)

    def refusals(self, step: Step) -> Iterator[str]:
        if not step.file.headers.is_transaction:
            yield (
                f"{step.file.file} says `transaction: none`, and SQLite has nothing that needs it: "
                "take the header out, or add `-- engine: postgresql`"
            )

    async def applied(self) -> list[Applied]:
        return await self._writer.run(_applied)

    async def table_names(self) -> set[str]:
        return await self._writer.run(_table_names)

    @asynccontextmanager
    async def locked(self, say: Say) -> AsyncIterator[None]:
        """Nothing: each step looks again once it has the write lock."""
        yield

    async def run(self, step: Step, is_pending: IsPending, say: Say) -> bool:
        while True:
            try:
                return await self._writer.run(lambda raw: self._run_here(raw, step, is_pending), has_limit=False)
            except Unavailable as error:
                if not is_busy(error.__cause__):
                    raise
                say(f"waiting for another process that writes to the database, to apply {step.file.file}")

    def _run_here(self, raw: sqlite3.Connection, step: Step, is_pending: IsPending) -> bool:
        """All of one step, in the connection's thread: no cancellation finds it half done.

        Foreign keys are off, or the DROP of SQLite's own recipe to change a table would delete the rows that refer to
        it; they are checked before COMMIT instead.
        """
        try:
            raw.execute(f"PRAGMA busy_timeout = {_BUSY_TRY_MS}")
            raw.execute("PRAGMA foreign_keys = OFF")
            with translated(raw, is_write=True):
                raw.execute("BEGIN IMMEDIATE")
                return self._run_locked(raw, step, is_pending)
        finally:
            roll_back(raw)
            insist(self._configure, raw)

    def _run_locked(self, raw: sqlite3.Connection, step: Step, is_pending: IsPending) -> bool:
        raw.execute(LEDGER)
        if raw.execute(_OLD_LEDGER).fetchone() is None:
            raw.execute("ALTER TABLE _migrations ADD COLUMN tables TEXT NOT NULL DEFAULT '[]'")
        if not is_pending(_applied(raw, step.file.owner)):
            return False
        for line, sql in step.statements:
            _run_one(raw, sql, step.file, line)
        _check_temporary(raw, step.file)
        _check_references(raw, step.file)
        raw.execute("INSERT INTO _migrations VALUES (?, ?, ?, ?, ?)", step.ledger_row())
        raw.execute("COMMIT")
        return True


def _is_open(parts: Sequence[Token], mark: Token) -> bool:
    """Whether a `;` is inside of a trigger: SQLite ends one at `; END ;`, and nothing else has a `;` inside."""
    words = [part.text.upper() for part in parts[:3] if part.text.upper() not in ("TEMP", "TEMPORARY")]
    return words[:2] == ["CREATE", "TRIGGER"] and [part.text.upper() for part in parts[-2:]] != [";", "END"]


def _applied(raw: sqlite3.Connection, owner: str | None = None) -> list[Applied]:
    """Read the ledger, or the rows of one owner."""
    with translated(raw):
        if "_migrations" not in _table_names(raw):
            return []
        cursor = raw.execute("SELECT * FROM _migrations WHERE ?1 IS NULL OR owner = ?1 ORDER BY rowid", (owner,))
        names = [column[0] for column in cursor.description]
        return [Applied.of(dict(zip(names, row, strict=True))) for row in cursor.fetchall()]


def _table_names(raw: sqlite3.Connection) -> set[str]:
    with translated(raw):
        return {name for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def _run_one(raw: sqlite3.Connection, sql: str, file: MigrationFile, line: int) -> None:
    try:
        raw.execute(sql).fetchall()
    except (UnreadableError, sqlite3.Error, sqlite3.Warning) as error:
        if getattr(error, "sqlite_errorname", "") in ("SQLITE_INTERRUPT", "SQLITE_BUSY"):
            raise
        raise failed(file, line, error, "sqlite") from error


def _check_temporary(raw: sqlite3.Connection, file: MigrationFile) -> None:
    """The connection is the one that writes: what is temporary would hide a table of that name, and be gone with it."""
    left = [name for (name,) in raw.execute("SELECT name FROM sqlite_temp_master ORDER BY name").fetchall()]
    if left:
        raise MigrationError(
            f"{file.file} leaves what is temporary, {', '.join(left)}, and was rolled back: "
            "drop it at the end of the file, then `python -m manifest migrate`"
        )


def _check_references(raw: sqlite3.Connection, file: MigrationFile) -> None:
    try:
        broken = raw.execute("PRAGMA foreign_key_check").fetchone()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorname != "SQLITE_ERROR":
            raise
        raise MigrationError(
            f"{file.file} leaves references that cannot be checked, and was rolled back: {error}: "
            "let them name a primary key or a unique column, then `python -m manifest migrate`"
        ) from error
    if broken is not None:
        table, _, parent, _ = broken
        raise MigrationError(
            f"{file.file} leaves rows of {table} that refer to no row of {parent}, and was rolled back: "
            "change or delete those rows in it too, then `python -m manifest migrate`"
        )
