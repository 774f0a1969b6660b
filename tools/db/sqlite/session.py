"""A transaction on the writer, from its turn to its end."""

import sqlite3

from tools.db.contract import DbError, ParameterError
from tools.db.engine import Cursors, Isolation
from tools.db.sqlite.call import Job, T
from tools.db.sqlite.connection import roll_back
from tools.db.sqlite.faults import translated
from tools.db.sqlite.writer import Writer


class SqliteSession:
    """`Session` for whoever has the writer's turn."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    @property
    def is_in_transaction(self) -> bool:
        return self._writer.connection.is_in_transaction

    async def run(self, job: Job[T]) -> T:
        return await self._writer.connection.run(job, self._writer.timeout_s)

    async def begin(self, isolation: Isolation) -> None:
        await self.run(_closing(set(), "BEGIN IMMEDIATE"))

    def is_failed_by(self, error: DbError) -> bool:
        return not isinstance(error, ParameterError)

    async def begin_inner(self, name: str) -> None:
        await self.run(_closing(set(), f"SAVEPOINT {name}"))

    async def end_inner(self, name: str, cursors: Cursors, *, is_kept: bool) -> None:
        undo = [] if is_kept else [f"ROLLBACK TO {name}"]
        await self.run(_closing(cursors, *undo, f"RELEASE {name}"))

    async def commit(self, cursors: Cursors) -> None:
        await self._writer.run_now(_closing(cursors, "COMMIT"), self._writer.timeout_s)

    async def roll_back(self, cursors: Cursors) -> None:
        try:
            await self.run(_closing(cursors, "ROLLBACK"))
        except DbError:
            self._writer.connection.give_up()

    def release(self) -> None:
        self._writer.lock.release()


def _closing(cursors: Cursors, *statements: str) -> Job[None]:
    """A job that begins or ends something."""

    def job(raw: sqlite3.Connection) -> None:
        while cursors:
            cursors.pop().close()  # an open one would stay interrupted, and the end with it
        for sql in statements:
            with translated(raw, is_write=sql == "COMMIT"):
                if sql == "ROLLBACK":
                    roll_back(raw)
                else:
                    raw.execute(sql)

    return job
