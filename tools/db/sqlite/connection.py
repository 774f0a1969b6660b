"""One SQLite connection in a thread of its own: one hop a call, and no cancellation leaves work behind."""

import sqlite3
from collections.abc import Callable
from math import inf

from tools.db.contract import Unavailable
from tools.db.sqlite.call import Call, Job, T
from tools.db.sqlite.threads import Connect, Threads, Work

_MOST_TRIES = 100
"""An interruption hits one of them. One that hits all does not end: SQLite keeps it as long as any cursor is open."""


def insist(job: Callable[[sqlite3.Connection], object], raw: sqlite3.Connection) -> None:
    """Run what must be run, in the connection's thread, also when a late interruption hits it.

    Raises:
        sqlite3.OperationalError: it cannot be run; the connection is to be given up.
    """
    for number in range(_MOST_TRIES):
        try:
            job(raw)
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname != "SQLITE_INTERRUPT" or number == _MOST_TRIES - 1:
                raise


def roll_back(raw: sqlite3.Connection) -> None:
    """Roll back, in the connection's thread, if there is something to roll back."""
    insist(lambda raw: raw.in_transaction and raw.execute("ROLLBACK"), raw)


class Connection:
    """A place for a connection: opened at its first use, opened anew when the one before had to be given up."""

    def __init__(self, connect: Connect) -> None:
        self._threads = Threads(connect, 1)
        self.watch = self._threads.watch

    @property
    def is_in_transaction(self) -> bool:
        worker = self._threads.first
        return worker.is_open and worker.raw.in_transaction

    @property
    def times_given_up(self) -> int:
        return self._threads.times_given_up

    async def run(self, job: Job[T], timeout_s: float | None) -> T:
        """Call `job` with the sqlite3 connection, in its thread.

        Raises:
            QueryTimeoutError: it took longer than `timeout_s`, and was interrupted.
            Unavailable: what ran before hangs, so the connection was given up.
        """
        limit_s = inf if timeout_s is None else timeout_s
        call = Call(job, limit_s, limit_s, self._hangs)
        self._threads.submit(call)
        return await call.told(self.watch)

    def submit(self, work: Work) -> None:
        """Let it be done after what was submitted before."""
        self._threads.submit(work)

    def give_up(self) -> None:
        """Leave the connection to its thread, which closes it when it can."""
        self._threads.give_up(self._threads.first)

    async def close(self) -> None:
        """Close for good, after what still runs, or give the connection up."""
        await self._threads.close()

    def _hangs(self) -> Exception:
        self.give_up()
        return Unavailable("its thread hangs in what ran before")
