"""What migrations ask of an engine: to read a file, to keep others away, to run a step with its row in the ledger.

    files -> refused before anything runs -> locked: for each pending: look again, run, note, commit

What is the same everywhere, the files, their order, what differs from the ledger, the messages, is in this folder.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from typing import Any, NamedTuple, Protocol

from tools.db.contract import MigrationError
from tools.db.migrations.files import MigrationFile

LEDGER = (
    "CREATE TABLE IF NOT EXISTS _migrations (owner TEXT NOT NULL, name TEXT NOT NULL, checksum TEXT NOT NULL,"
    " applied_at_utc TEXT NOT NULL, tables TEXT NOT NULL DEFAULT '[]', PRIMARY KEY (owner, name))"
)
"""`tables` are those that the step made: when its file is gone, nothing else knows whose they are."""


class Applied(NamedTuple):
    """A row of the ledger."""

    owner: str
    name: str
    checksum: str
    tables: tuple[str, ...]

    @property
    def number(self) -> int:
        return int(self.name.split("_")[0])

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Applied":
        """Read a row; ledgers of old have no `tables`."""
        return cls(row["owner"], row["name"], row["checksum"], tuple(json.loads(row.get("tables") or "[]")))


class Step(NamedTuple):
    """A file that is to run: its statements, each with its line, and the tables that it makes."""

    file: MigrationFile
    statements: Sequence[tuple[int, str]]
    tables: Sequence[str]

    def ledger_row(self) -> tuple[str, str, str, str, str]:
        """Give what the ledger keeps of it, in the order of its columns."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        return self.file.owner, self.file.name, self.file.checksum, now, json.dumps(self.tables)


Say = Callable[[str], None]
"""Takes what is being done, or waited for; it is told to whoever runs this once it takes long."""

IsPending = Callable[[list[Applied]], bool]
"""Tells of a step, by what the ledger has of its owner now, whether it is still to be run; raises if it may not."""


class MigrationEngine(Protocol):
    """What one kind of database does for migrations."""

    name: str
    """As `-- engine:` headers say it."""

    def statements(self, sql: str) -> Iterable[tuple[int, str]]:
        """Split a file into statements, each with its line; `;` in literals, comments and bodies ends none."""
        ...

    def refusals(self, step: Step) -> Iterable[str]:
        """Say what in a pending step this engine cannot run, with file, line and what to do; nothing is asked of it."""
        ...

    async def applied(self) -> list[Applied]:
        """Read the ledger; an empty list where there is none yet. Writes nothing."""
        ...

    async def table_names(self) -> set[str]:
        """List the tables that there are. Writes nothing."""
        ...

    def locked(self, say: Say) -> AbstractAsyncContextManager[None]:
        """Be the one that migrates, among processes; `run` is called inside only.

        An engine that takes its lock for each step has nothing to do here.
        """
        ...

    async def run(self, step: Step, is_pending: IsPending, say: Say) -> bool:
        """Make the ledger if need be, ask `is_pending` of it, run the step and note it: as one transaction.

        Returns:
            Whether it ran; False if another process had done it meanwhile.

        Raises:
            MigrationError: it failed, and all of it is rolled back; `failed` makes it.
        """
        ...


def failed(file: MigrationFile, line: int, said: object, engine: str) -> MigrationError:
    """Say that a statement of a step did not run; `said` is the database's own text."""
    where = f"{file.file}:{line}"
    if not file.headers.is_transaction:
        return MigrationError(
            f"{where} failed: {said}: its file says `transaction: none`, so what stands above that line was kept; "
            "undo that by hand, or write the file so that it can run again, then `python -m manifest migrate`"
        )
    other = "postgresql" if engine == "sqlite" else "sqlite"
    hint = "" if file.headers.engine else f" (or begin the file with `-- engine: {other}`, if it is for that one only)"
    return MigrationError(
        f"{where} failed and its file was rolled back: {said}, says {engine}: correct it{hint}, "
        "then `python -m manifest migrate`"
    )
