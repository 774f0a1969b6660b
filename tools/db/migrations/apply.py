"""Applies migrations, each once and each whole, whoever else does the same at the same time.

refuse what is wrong, all of it -> lock -> for each pending: look again, run, note in the ledger, commit
"""

import asyncio
from collections.abc import Callable, Iterator
from typing import NamedTuple

from tools.db.contract import MigrationError
from tools.db.migrations.engine import Applied, MigrationEngine, Step
from tools.db.migrations.files import Found, MigrationFile
from tools.db.migrations.ledger import Leftover, difference, differences, leftovers
from tools.db.migrations.order import missing, ordered
from tools.db.migrations.progress import Progress
from tools.db.tokens import tokens

_ITS_OWN = ("BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT", "SAVEPOINT", "RELEASE")
_LIMIT = "if that was the limit of the boot, run `python -m manifest migrate`, which has none"
_IF_NOT_EXISTS = ("IF", "NOT", "EXISTS")


class Plan(NamedTuple):
    """What would be done, in order, and what is no longer here."""

    pending: list[MigrationFile]
    leftovers: list[Leftover]


class Migrations:
    """The migrations of a system on one engine, in order, and the ledger of those applied."""

    def __init__(self, engine: MigrationEngine, found: Found) -> None:
        self._engine, self._found, self.broken = engine, found, found.broken
        self._steps: dict[str, Step] = {}
        self._files = [file for file in found.files if file.headers.engine in ("", engine.name)]
        self._others = [file for file in found.files if file.headers.engine not in ("", engine.name)]
        self._problems = [*found.problems, *missing(self._files, self._others)]
        self._order = ordered(self._files, self._problems)

    @property
    def engine_name(self) -> str:
        return self._engine.name

    async def pending(self) -> list[MigrationFile]:
        """List what is not applied yet, in order.

        Raises:
            MigrationError: something is wrong with what is there, or it is not what was applied; all of it.
        """
        return self._pending(await self._engine.applied())

    async def plan(self) -> Plan:
        """Give what `apply` would do, and what was applied and is gone; writes nothing.

        Raises:
            MigrationError: as `pending`.
        """
        applied = await self._engine.applied()
        names = await self._engine.table_names()
        return Plan(self._pending(applied), leftovers(self._found.files, self._found.owners, applied, names))

    async def apply(self, tell: Callable[[str], None]) -> int:
        """Apply what is pending, and answer with how many this process applied; there is no time limit.

        Args:
            tell: gets a line for each that was applied, and now and then one about what takes long.

        Raises:
            MigrationError: one failed and is rolled back, or the time of the one who waits for it was over.
        """
        if not await self.pending():
            return 0
        progress, count = Progress(tell), 0
        async with progress.during("waiting for the lock of migrations"):
            try:
                async with self._engine.locked(progress.say):
                    for file in await self.pending():
                        if await self._apply(file, progress):
                            tell(f"applied {file.file}")
                            count += 1
            except asyncio.CancelledError:
                raise MigrationError(
                    f"{progress.text} was interrupted, and nothing more was applied: {_LIMIT}"
                ) from None
        return count

    async def owners(self) -> dict[str, str]:
        """Tell who made each table, as far as the text of what was applied says."""
        owners: dict[str, str] = {}
        for one in await self._engine.applied():
            for table in one.tables:
                owners.setdefault(table, one.owner)
        return owners

    def _pending(self, applied: list[Applied]) -> list[MigrationFile]:
        problems = [*self._problems, *differences(self._files, self._others, applied)]
        done = {(one.owner, one.name) for one in applied}
        pending = [file for file in self._order if (file.owner, file.name) not in done]
        for file in pending:
            problems += [*self._own_transactions(file), *self._engine.refusals(self._step(file))]
        if len(problems) > 1:
            lines = "".join(f"\n     - {problem}" for problem in problems)
            raise MigrationError(f"{len(problems)} faults in migrations, and nothing was applied:{lines}")
        if problems:
            raise MigrationError(problems[0])
        return pending

    def _own_transactions(self, file: MigrationFile) -> Iterator[str]:
        for line, text in self._step(file).statements:
            first = next(tokens(text), None)
            if first is not None and first.text.upper() in _ITS_OWN:
                yield f"{file.file}:{line} has {first.text.upper()}: leave it out, each file is one transaction"

    async def _apply(self, file: MigrationFile, progress: Progress) -> bool:
        def is_pending(applied: list[Applied]) -> bool:
            own = {one.name: one for one in applied}
            if problem := difference(file, own):
                raise MigrationError(problem)
            return file.name not in own

        progress.begin(f"applying {file.file}")
        try:
            return await self._engine.run(self._step(file), is_pending, progress.say)
        except asyncio.CancelledError:
            end = "and rolled back" if file.headers.is_transaction else "and what it did so far stays"
            raise MigrationError(f"{file.file} was interrupted {end}: {_LIMIT}") from None

    def _step(self, file: MigrationFile) -> Step:
        """Read a step: once, however long it is."""
        if file.file not in self._steps:
            statements = list(self._engine.statements(file.sql))
            tables = [table for _, text in statements for table in _tables_made(text)]
            self._steps[file.file] = Step(file, statements, tables)
        return self._steps[file.file]


def _tables_made(text: str) -> list[str]:
    """The table that a statement makes, by CREATE TABLE or by RENAME TO."""
    if next((part.text.upper() for part in tokens(text)), "") not in ("CREATE", "ALTER"):
        return []
    parts = list(tokens(text))
    words = [part.text.upper() for part in parts]
    if words[:2] == ["ALTER", "TABLE"] and words[-3:-1] == ["RENAME", "TO"]:
        return [parts[-1].name]
    if words[:1] != ["CREATE"] or "TABLE" not in words[:3]:
        return []
    name = [part for part in parts[words.index("TABLE") + 1 :] if part.text.upper() not in _IF_NOT_EXISTS]
    return [name[2 if [part.text for part in name[1:2]] == ["."] else 0].name] if len(name) > 2 else []
