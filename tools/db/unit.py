"""A unit of work: a transaction on the writer, or a savepoint in one.

    Writer.lock    held by one transaction, or by one statement outside of any
      Unit.lock    held by one statement, or by one inner unit for as long as it lives
        Unit.lock  ...

So children that share a unit take turns, and a statement of the outer one cannot slip into a savepoint of the inner.
"""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from typing import TypeVar

from tools.db.contract import DbError, QueryTimeoutError, Unavailable, UnitClosedError
from tools.db.sqlite.connection import roll_back, settle
from tools.db.sqlite.faults import translated
from tools.db.sqlite.writer import Job, Writer, take_turn, turn

T = TypeVar("T")


class Unit:
    """What happens as a whole or not at all."""

    def __init__(self, writer: Writer, parent: "Unit | None" = None) -> None:
        self.writer, self.parent = writer, parent
        self.root: Unit = parent.root if parent else self
        self.name: str = f"{parent.name}_in" if parent else "unit"
        self.lock = asyncio.Lock()
        self.failure = ""
        """Why all of it can only be left; the root's counts."""
        self.callbacks: list[Callable[[], Awaitable[None] | None]] = []
        self.cursors: set[sqlite3.Cursor] = set()
        """Those open; only the connection's thread touches them."""
        self._is_begun = self._is_over = False

    def check(self) -> None:
        """Refuse what comes too late.

        Raises:
            UnitClosedError: the unit is over, or failed.
        """
        if self._is_over or self.root._is_over:
            raise UnitClosedError(
                "db got a statement for a transaction that is over: await its task inside the transaction's block"
            )
        if self.root.failure:
            raise UnitClosedError(f"db is in a transaction that failed, {self.root.failure}: leave its block")

    async def run(self, job: Job[T]) -> T:
        """Run one statement of this unit; what interrupts it fails the whole transaction."""
        self.check()
        async with turn(self.lock, self.writer.wait_s):
            self.check()
            return await self._watched(job)

    async def begin(self) -> None:
        """Take the turn, then BEGIN IMMEDIATE or a savepoint; when it fails, nothing is held.

        Raises:
            Unavailable: the turn did not come in time, or another process has the write lock.
        """
        if self.parent:
            self.parent.check()
        await take_turn(self._turn, self.writer.wait_s)
        try:
            if self.parent:
                self.parent.check()
            await self._watched(_sql(f"SAVEPOINT {self.name}" if self.parent else "BEGIN IMMEDIATE"))
            self._is_begun = True
        except BaseException:
            cancelled = await settle(asyncio.ensure_future(self._end(is_kept=False)))
            if cancelled:
                raise cancelled from None
            raise

    async def end(self, *, is_kept: bool) -> tuple[bool, asyncio.CancelledError | None]:
        """Commit or roll back, and pass the turn on, whoever cancels meanwhile.

        Returns:
            Whether it is stored (an inner one: for its outer one), and the cancellation that waits to be raised.

        Raises:
            UnitClosedError: it was to be kept, but had failed.
            DbError: COMMIT was refused, and all is rolled back.
        """
        task = asyncio.ensure_future(self._end(is_kept=is_kept))
        cancelled = await settle(task)
        if cancelled and (task.cancelled() or task.exception()):
            raise cancelled
        return task.result(), cancelled

    @property
    def _turn(self) -> asyncio.Lock:
        return self.parent.lock if self.parent else self.writer.lock

    async def _watched(self, job: Job[T]) -> T:
        try:
            return await self.writer.connection.run(job, self.writer.timeout_s)
        except (asyncio.CancelledError, QueryTimeoutError):
            self.root.failure = self.root.failure or "a statement in it was interrupted"
            raise
        finally:
            if not self.writer.connection.is_in_transaction:
                self.root.failure = self.root.failure or "the database rolled it back"

    async def _end(self, *, is_kept: bool) -> bool:
        try:
            await self._quiet()
            if self.parent:
                await self._end_savepoint(is_kept)
            elif is_kept and not self.failure:
                await self._commit()
            else:
                await self._roll_back()
        finally:
            self._is_over = True
            self._turn.release()
        if is_kept and self.root.failure:
            raise UnitClosedError(f"db rolled a transaction back, {self.root.failure}: start it anew")
        return is_kept

    async def _quiet(self) -> None:
        """Let no statement begin, and wait for the one that a child has running."""
        try:
            await take_turn(self.lock, self.writer.wait_s)
        except Unavailable:
            self.root.failure = self.root.failure or "a task started in it is still at work"
            return
        self._is_over = True
        self.lock.release()  # those who wait for it find the unit over

    async def _end_savepoint(self, is_kept: bool) -> None:
        if self.root.failure or self.root._is_over or not self._is_begun:
            return
        undo = [] if is_kept else [f"ROLLBACK TO {self.name}"]
        try:
            await self._watched(self._closing(*undo, f"RELEASE {self.name}"))
        except DbError as error:
            self.root.failure = self.root.failure or f"a savepoint could not be ended, {error}"

    async def _commit(self) -> None:
        try:
            await self.writer.run_now(self._closing("COMMIT"), self.writer.timeout_s)
        except BaseException:
            await self._roll_back()
            raise

    async def _roll_back(self) -> None:
        """Roll back; a connection that cannot is given up, never given back."""
        try:
            await self.writer.connection.run(self._closing("ROLLBACK"), self.writer.timeout_s)
        except DbError:
            self.writer.connection.give_up()

    def _closing(self, *statements: str) -> Job[None]:
        def job(raw: sqlite3.Connection) -> None:
            while self.cursors:
                self.cursors.pop().close()  # an open one would stay interrupted, and the end with it
            for sql in statements:
                _sql(sql)(raw)

        return job


def _sql(sql: str) -> Job[None]:
    """A job that begins or ends something."""

    def job(raw: sqlite3.Connection) -> None:
        with translated(raw, is_write=sql == "COMMIT"):
            if sql == "ROLLBACK":
                roll_back(raw)
            else:
                raw.execute(sql)

    return job
