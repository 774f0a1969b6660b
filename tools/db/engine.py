"""What an engine gives to `Database`: statements as jobs, a session for each transaction, and its own life.

A job is opaque outside of its engine: it is made by `rows`, `change` or `change_many`, and given back to `run`, or to
that of a session.
"""

from collections.abc import AsyncGenerator, Callable
from typing import Any, Literal, Protocol

from tools.db.contract import DbError
from tools.db.migrations.engine import MigrationEngine
from tools.db.prepared import Prepared, Writing

Job = Callable[[Any], Any]
Row = dict[str, Any]
Isolation = Literal["statement", "snapshot", "serializable"]
"""What a transaction sees of others: for one statement, which depends on nothing read before; what was stored when it
began, and no change of a row that it changes too; or as if it had run alone."""
Cursors = set[Any]
"""Those that a unit has open; only its engine looks into it."""


class Session(Protocol):
    """The connection of one transaction, from its turn to `release`."""

    @property
    def is_in_transaction(self) -> bool:
        """Whether what `begin` began goes on: the database may have ended it."""
        ...

    async def run(self, job: Job) -> Any:
        """Run one statement, under the time-out."""
        ...

    async def begin(self, isolation: Isolation) -> None:
        """Begin the transaction, isolated at least so much."""
        ...

    def is_failed_by(self, error: DbError) -> bool:
        """Tell whether the database said so; what this tool refused before that fails nothing."""
        ...

    async def begin_inner(self, name: str) -> None:
        """Set a savepoint."""
        ...

    async def end_inner(self, name: str, cursors: Cursors, *, is_kept: bool) -> None:
        """Release a savepoint, or go back to it."""
        ...

    async def commit(self, cursors: Cursors) -> None:
        """Store all, or raise; `roll_back` follows then.

        Raises:
            UnknownOutcomeError: there was no answer.
        """
        ...

    async def roll_back(self, cursors: Cursors) -> None:
        """Undo all; a connection that cannot is given up, never given back."""
        ...

    def release(self) -> None:
        """Let the next one have the connection."""
        ...


class UnitView(Protocol):
    """What a stream needs of the unit around it."""

    cursors: Cursors

    async def run(self, job: Job) -> Any:
        """Run one statement of this unit."""
        ...


class Engine(Protocol):
    """One kind of database; `wait_s` bounds each wait for a turn."""

    writing: Writing
    wait_s: float
    runs_whole: bool
    """Whether `run` undoes what a job did that raises, after its statement too."""

    def rows(self, prepared: Prepared, into: type | None, *, is_one: bool = False) -> Job:
        """Make a job that gives rows, fitted to `into`."""
        ...

    def change(self, prepared: Prepared) -> Job:
        """Make a job that gives the last key, where the table has one for us, or the number of rows changed."""
        ...

    def change_many(self, prepared: Prepared) -> Job:
        """Make a job that runs once for each set of values, and gives the number of rows changed."""
        ...

    async def run(self, job: Job, *, is_read: bool) -> Any:
        """Run one statement that is its own transaction."""
        ...

    async def session(self) -> Session:
        """Wait for a turn, and give what a transaction runs on; it is not begun yet.

        Raises:
            Unavailable: no turn came in time.
        """
        ...

    def chunks(self, prepared: Prepared, unit: UnitView | None) -> AsyncGenerator[list[Row], None]:
        """Read some rows at a time, inside `unit` if there is one."""
        ...

    def tables(self) -> Job:
        """Make a job that lists the application's tables, by name."""
        ...

    def steps(self) -> MigrationEngine:
        """Give what runs migrations."""
        ...

    async def open(self) -> None:
        """Connect, so that what cannot work is found at boot."""
        ...

    def remedy(self, error: BaseException) -> str:
        """Say what has to be done about an error of the boot, as a whole message; an empty text for others."""
        ...

    async def check_health(self) -> None:
        """Ask the database, within seconds; raise where it cannot be used."""
        ...

    async def close(self) -> None:
        """Close every connection."""
        ...
