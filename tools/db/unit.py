"""A unit of work: a transaction, or a savepoint in one.

    Session        held by one transaction
      Unit.lock    held by one statement, or by one inner unit for as long as it lives
        Unit.lock  ...

So children that share a unit take turns, and a statement of the outer one cannot slip into a savepoint of the inner.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from tools.db.contract import DbError, QueryTimeoutError, SerializationError, Unavailable, UnitClosedError
from tools.db.engine import Cursors, Engine, Isolation, Job, Session
from tools.db.note import noting_what_is_stored
from tools.db.turns import settle, take_turn, turn


class Unit:
    """What happens as a whole or not at all."""

    def __init__(self, engine: Engine, parent: "Unit | None" = None, isolation: Isolation = "snapshot") -> None:
        self._engine, self.parent, self._isolation = engine, parent, isolation
        self.root: Unit = parent.root if parent else self
        self.name: str = f"{parent.name}_in" if parent else "unit"
        self.lock = asyncio.Lock()
        self.failure = ""
        """Why it can only be left."""
        self.callbacks: list[Callable[[], Awaitable[None] | None]] = []
        self.cursors: Cursors = set()
        self._session: Session | None = None
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
        if failure := self.failure or self.root.failure:
            raise UnitClosedError(
                f"db is in a transaction that failed, {failure}: leave its block, "
                "and try what may fail in a `transaction()` of its own"
            )

    async def run(self, job: Job) -> Any:
        """Run one statement; one that fails leaves the unit failed, one that is interrupted the whole transaction."""
        self.check()
        async with turn(self.lock, self._engine.wait_s):
            self.check()
            return await self._watched(job)

    async def begin(self) -> None:
        """Take the turn, then BEGIN or set a savepoint; when it fails, nothing is held.

        Raises:
            Unavailable: the turn did not come in time, or another process has the write lock.
            DbError: it is to be serializable, and inside a transaction that is not.
        """
        if self._isolation == "serializable" != self.root._isolation:
            raise DbError("db.transaction(serializable=True) is inside one that is not: say so at the outermost")
        if self.parent is None:
            self._session = await self._engine.session()
        else:
            self.parent.check()
            await take_turn(self.parent.lock, self._engine.wait_s)
            self._session = self.parent._session
        try:
            await self._begin()
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

    async def _begin(self) -> None:
        session = self._of_session()
        if self.parent:
            self.parent.check()
            await self._kept_whole(session.begin_inner(self.name))
        else:
            await self._kept_whole(session.begin(self._isolation))
        self._is_begun = True

    async def _watched(self, job: Job) -> Any:
        try:
            return await self._kept_whole(self._of_session().run(job))
        except DbError as error:
            if self._of_session().is_failed_by(error):
                self.failure = self.failure or f"a statement in it did, {type(error).__name__}"
            raise

    async def _kept_whole(self, work: Awaitable[Any]) -> Any:
        """Await what the session does; note what costs the whole transaction."""
        try:
            return await work
        except (asyncio.CancelledError, QueryTimeoutError):
            self.root.failure = self.root.failure or "a statement in it was interrupted"
            raise
        except SerializationError:
            self.root.failure = self.root.failure or "what it read was changed at the same time"
            raise
        finally:
            if not self._of_session().is_in_transaction:
                self.root.failure = self.root.failure or "the database rolled it back"

    async def _end(self, *, is_kept: bool) -> bool:
        session = self._of_session()
        is_kept_now = is_kept
        try:
            await self._quiet()
            is_kept_now = is_kept and not self.failure and not self.root.failure
            if self.parent:
                await self._end_inner(session, is_kept=is_kept_now)
            elif is_kept_now:
                await self._commit(session)
            else:
                await session.roll_back(self.cursors)
        finally:
            self._is_over = True
            if self.parent:
                self.parent.cursors |= self.cursors  # those that are still open: whoever rolls back has to close them
                self.parent.lock.release()
            else:
                session.release()
        if failure := is_kept and (self.failure or self.root.failure):
            raise UnitClosedError(f"db rolled a transaction back that failed, {failure}: start it anew")
        return is_kept

    async def _quiet(self) -> None:
        """Let no statement begin, and wait for the one that a child has running."""
        try:
            await take_turn(self.lock, self._engine.wait_s)
        except Unavailable:
            self.root.failure = self.root.failure or "a task started in it is still at work"
            return
        self._is_over = True
        self.lock.release()  # those who wait for it find the unit over

    async def _end_inner(self, session: Session, *, is_kept: bool) -> None:
        if self.root.failure or self.root._is_over or not self._is_begun:
            return
        try:
            await self._kept_whole(session.end_inner(self.name, self.cursors, is_kept=is_kept))
        except DbError as error:
            self.root.failure = self.root.failure or f"a savepoint could not be ended, {error}"

    async def _commit(self, session: Session) -> None:
        try:
            with noting_what_is_stored():
                await session.commit(self.cursors)
        except BaseException:
            await session.roll_back(self.cursors)
            raise

    def _of_session(self) -> Session:
        assert self._session is not None, "a unit has its session from begin on"
        return self._session
