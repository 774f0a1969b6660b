"""Applies migrations, each once and each whole, whoever else does the same at the same time.

refuse what is wrong -> for each pending: BEGIN IMMEDIATE, look again, run, note in the ledger, COMMIT
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime

from tools.db.contract import MigrationError, Unavailable
from tools.db.migrations.files import MigrationFile
from tools.db.sqlite.connection import insist, roll_back
from tools.db.sqlite.faults import is_busy, translated
from tools.db.sqlite.writer import Writer
from tools.db.statement import Token, tokens

_LEDGER = (
    "CREATE TABLE IF NOT EXISTS _migrations (owner TEXT NOT NULL, name TEXT NOT NULL, checksum TEXT NOT NULL,"
    " applied_at_utc TEXT NOT NULL, PRIMARY KEY (owner, name))"
)
_IF_NOT_EXISTS = ("IF", "NOT", "EXISTS")
_BUSY_TRY_MS = 200
"""The longest that the thread waits for another process and cannot be interrupted."""

Configure = Callable[[sqlite3.Connection], None]


class Migrations:
    """The migrations of a system, in order, and the ledger of those applied."""

    def __init__(self, writer: Writer, configure: Configure, files: Sequence[MigrationFile]) -> None:
        self._writer, self._configure, self._files = writer, configure, files

    async def pending(self) -> list[MigrationFile]:
        """List what is not applied yet, in order.

        Raises:
            MigrationError: an applied file was edited or renamed.
        """
        applied = await self._writer.run(_applied)
        problems = [problem for file in self._files if (problem := _difference(file, applied))]
        if problems:
            raise MigrationError("; ".join(problems))
        return [file for file in self._files if (file.owner, file.name) not in applied]

    async def apply(self) -> AsyncIterator[MigrationFile]:
        """Apply what is pending, and give each that this process applied; there is no time limit.

        Raises:
            MigrationError: one failed and is rolled back, or the time of the one who waits for it was over.
        """
        for file in await self.pending():
            try:
                is_ours = await self._apply(file)
            except asyncio.CancelledError:
                raise MigrationError(
                    f"{file.file} was interrupted and rolled back: if that was the limit of the boot, "
                    "run `python -m manifest migrate`, which has none"
                ) from None
            if is_ours:
                yield file

    def owners(self) -> dict[str, str]:
        """Tell who made each table, as far as the text of the migrations says."""
        owners: dict[str, str] = {}
        for file in self._files:
            for _, text in file.statements():
                for table in _tables_made(list(tokens(text))):
                    owners.setdefault(table, file.owner)
        return owners

    async def _apply(self, file: MigrationFile) -> bool:
        """Apply one, after any other process that does; False if that one did it."""
        while True:
            try:
                return await self._writer.run(lambda raw: self._applied_here(raw, file), has_limit=False)
            except Unavailable as error:
                if not is_busy(error.__cause__):
                    raise

    def _applied_here(self, raw: sqlite3.Connection, file: MigrationFile) -> bool:
        """All of one migration, in the connection's thread: no cancellation finds it half done.

        Foreign keys are off, or the DROP of SQLite's own recipe to change a table would delete the rows that refer to
        it; they are checked before COMMIT instead.
        """
        try:
            raw.execute(f"PRAGMA busy_timeout = {_BUSY_TRY_MS}")
            raw.execute("PRAGMA foreign_keys = OFF")
            with translated(raw, is_write=True):
                raw.execute("BEGIN IMMEDIATE")
                return self._run(raw, file)
        finally:
            roll_back(raw)
            insist(self._configure, raw)

    def _run(self, raw: sqlite3.Connection, file: MigrationFile) -> bool:
        raw.execute(_LEDGER)
        applied = _applied(raw)
        if problem := _difference(file, applied):
            raise MigrationError(problem)
        if (file.owner, file.name) in applied:
            return False
        for line, sql in file.statements():
            _run_one(raw, sql, f"{file.file}:{line}")
        _check_references(raw, file)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        raw.execute("INSERT INTO _migrations VALUES (?, ?, ?, ?)", (file.owner, file.name, file.checksum, now))
        raw.execute("COMMIT")
        return True


def _applied(raw: sqlite3.Connection) -> dict[tuple[str, str], str]:
    with translated(raw):
        if raw.execute("SELECT 1 FROM sqlite_master WHERE name = '_migrations'").fetchone() is None:
            return {}
        rows = raw.execute("SELECT owner, name, checksum FROM _migrations").fetchall()
    return {(owner, name): checksum for owner, name, checksum in rows}


def _difference(file: MigrationFile, applied: dict[tuple[str, str], str]) -> str:
    """What keeps `file` from being the one that was applied; an empty text for nothing."""
    if applied.get((file.owner, file.name), file.checksum) != file.checksum:
        return f"{file.file} was edited after it was applied: put it back, and write the change as the next number"
    names = [name for owner, name in applied if owner == file.owner and int(name.split("_")[0]) == file.key[1]]
    if names and file.name not in names:
        return f"{file.file} has the number of {names[0]}, which was applied: give it the next one, or its name back"
    return ""


def _run_one(raw: sqlite3.Connection, sql: str, where: str) -> None:
    try:
        raw.execute(sql).fetchall()
    except (sqlite3.Error, sqlite3.Warning) as error:
        if getattr(error, "sqlite_errorname", "") in ("SQLITE_INTERRUPT", "SQLITE_BUSY"):
            raise
        raise MigrationError(f"{where} failed and its file was rolled back: {error}") from error


def _check_references(raw: sqlite3.Connection, file: MigrationFile) -> None:
    broken = raw.execute("PRAGMA foreign_key_check").fetchone()
    if broken is not None:
        table, _, parent, _ = broken
        raise MigrationError(
            f"{file.file} leaves rows of {table} that refer to no row of {parent}, and was rolled back: "
            "change or delete those rows in it too"
        )


def _tables_made(parts: list[Token]) -> list[str]:
    """The table that a statement makes, by CREATE TABLE or by RENAME TO."""
    parts = [part for part in parts if part.text != ";"]
    words = [part.text.upper() for part in parts]
    if words[:2] == ["ALTER", "TABLE"] and words[-3:-1] == ["RENAME", "TO"]:
        return [parts[-1].name]
    if words[:1] != ["CREATE"] or "TABLE" not in words[:3]:
        return []
    return [part.name for part in parts[words.index("TABLE") + 1 :] if part.text.upper() not in _IF_NOT_EXISTS][:1]
