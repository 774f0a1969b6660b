"""A transaction on a connection of the pool, from its turn to its end."""

import asyncpg

from tools.db.contract import DbError, ParameterError, UnitClosedError, UnknownOutcomeError
from tools.db.engine import Cursors, Isolation
from tools.db.postgres.faults import ConnectionLostError, is_said, translated
from tools.db.postgres.jobs import Job, Jobs
from tools.db.postgres.pool import Pool
from tools.db.postgres.wire import Raw

_ROLLBACK_TIMEOUT_S = 5.0
"""What is undone costs nothing: a server that needs longer is not there."""
_MOST_TRIES = 10
"""To begin: what a restart of the server left are a few; who is cut off each time is not let in."""

# REPEATABLE READ is a snapshot, in which a row that others have changed cannot be changed: no update is lost.
# SERIALIZABLE locks what was read, by the page: on small tables most of what runs at once conflicts, so it is for who
# asks for it
_BEGIN = {
    "statement": "BEGIN ISOLATION LEVEL READ COMMITTED",
    "snapshot": "BEGIN ISOLATION LEVEL REPEATABLE READ",
    "serializable": "BEGIN ISOLATION LEVEL SERIALIZABLE",
}


class PostgresSession:
    """`Session` for whoever has the connection."""

    def __init__(self, pool: Pool, raw: Raw, jobs: Jobs) -> None:
        self._pool, self._raw, self._jobs = pool, raw, jobs

    @property
    def is_in_transaction(self) -> bool:
        return not self._raw.is_closed() and self._raw.is_in_transaction()

    async def run(self, job: Job) -> object:
        try:
            return await job(self._raw)
        except ConnectionLostError:
            self._raw.terminate()  # it may be there, and silent: nobody waits for it again
            raise

    async def begin(self, isolation: Isolation) -> None:
        """Begin on a connection that answers: one that the server closed meanwhile costs another try."""
        for left in reversed(range(_MOST_TRIES)):
            try:
                await self._execute(_BEGIN[isolation])
                return
            except ConnectionLostError as error:
                self._pool.drop(self._raw)
                if isinstance(error.__cause__, TimeoutError) or not left:
                    raise
                self._raw = await self._pool.take()

    def is_failed_by(self, error: DbError) -> bool:
        said = error.__cause__
        return not isinstance(error, ParameterError) or (isinstance(said, asyncpg.PostgresError) and is_said(said))

    async def begin_inner(self, name: str) -> None:
        await self._execute(f"SAVEPOINT {name}")

    async def end_inner(self, name: str, cursors: Cursors, *, is_kept: bool) -> None:
        if not is_kept:
            await self._execute(f"ROLLBACK TO {name}")
            self._jobs.ended(self._raw)
        await self._execute(f"RELEASE {name}")

    async def commit(self, cursors: Cursors) -> None:
        try:
            status = await self._execute("COMMIT")
        except ConnectionLostError:
            raise UnknownOutcomeError from None
        if status != "COMMIT":
            raise UnitClosedError("db rolled a transaction back that failed: start it anew")

    async def roll_back(self, cursors: Cursors) -> None:
        if not self._raw.is_closed():
            try:
                await self._raw.execute("ROLLBACK", timeout=_ROLLBACK_TIMEOUT_S)
            except Exception:
                self._raw.terminate()

    def release(self) -> None:
        self._jobs.ended(self._raw)
        self._pool.give(self._raw)

    async def _execute(self, sql: str) -> str:
        with translated():
            try:
                status: str = await self._raw.execute(sql)
                return status
            except TimeoutError:
                self._raw.terminate()  # it may still do what it was told
                raise
