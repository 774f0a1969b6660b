"""The one connection that writes, and the fair queue in front of it."""

import asyncio
import contextvars
from collections.abc import Sequence
from itertools import islice

from tools.db.contract import DbError, QueryTimeoutError, Unavailable, UnknownOutcomeError
from tools.db.sqlite.call import AnyCall, Call, Job, T
from tools.db.sqlite.connection import Connection
from tools.db.sqlite.group import Group
from tools.db.sqlite.schema import Keys
from tools.db.turns import settle, take_turn, turn

_PROBE_WAIT_S = 0.2
"""For the turn; a transaction of ours is far shorter, or at work."""
_MOST_TOGETHER = 64
"""In one COMMIT."""


class Writer:
    """Runs what may write, one at a time; single statements that wait share a COMMIT."""

    def __init__(self, connection: Connection, keys: Keys, *, timeout_s: float, wait_s: float) -> None:
        self.connection, self._keys = connection, keys
        self.timeout_s, self.wait_s = timeout_s, wait_s
        self.lock = asyncio.Lock()
        self._waiting: dict[AnyCall, None] = {}
        self._is_wary = False
        self._serving: asyncio.Task[None] | None = None

    async def store(self, job: Job[T], table: str = "") -> T:
        """Run one statement that changes rows, in its turn, alone or with others: when it fails, nothing of it stays.

        Raises:
            Unavailable: the turn did not come in time, or nothing can be stored now.
            UnknownOutcomeError: COMMIT gave no answer.
        """
        call = Call(job, self.timeout_s, self.wait_s, self._late, table)
        if self._serving is None and not self.lock.locked():
            async with self.lock:
                return await self._stored_alone(call)
        self._waiting[call] = None
        if self._serving is None:
            # in no context: it serves others than the one who happens to be first
            self._serving = asyncio.get_running_loop().create_task(self._serve(), context=contextvars.Context())
        try:
            return await call.told(self.connection.watch)
        finally:
            self._waiting.pop(call, None)

    async def run(self, job: Job[T], *, has_limit: bool = True) -> T:
        """Run what is its own transaction, or needs none, in its turn."""
        async with turn(self.lock, self.wait_s):
            try:
                return await self.run_now(job, self.timeout_s if has_limit else None)
            finally:
                self._check()

    async def run_now(self, job: Job[T], timeout_s: float | None) -> T:
        """Run what stores something, for whoever has the turn.

        Raises:
            UnknownOutcomeError: the disk did not answer, so the connection was given up.
        """
        before = self.connection.times_given_up
        try:
            return await self.connection.run(job, timeout_s)
        except QueryTimeoutError:
            if self.connection.times_given_up > before:
                raise UnknownOutcomeError from None
            raise

    async def probe(self, job: Job[None], timeout_s: float) -> None:
        """Run `job` if its turn comes soon; if not, others are writing, which is as well."""
        try:
            await take_turn(self.lock, _PROBE_WAIT_S)
        except Unavailable:
            return
        try:
            await self.connection.run(job, timeout_s)
        finally:
            self.lock.release()

    async def close(self) -> None:
        """Close after the one whose turn it is, if that one ends in time."""
        try:
            await take_turn(self.lock, self.wait_s)
        except Unavailable:
            self.connection.give_up()
        if self._serving is not None:
            self._serving.cancel()
        for call in list(self._waiting):
            if call.withdraw():
                call.fail(Unavailable("its connection was closed at the shutdown"))
                call.tell()
        await self.connection.close()

    async def _stored_alone(self, call: Call[T]) -> T:
        group = self._submitted([call])
        try:
            return await call.told(self.connection.watch)
        finally:
            cancelled = None if group.done.done() else await settle(group.done)
            self._check()
            if cancelled is not None:
                raise cancelled

    async def _serve(self) -> None:
        """Store what waits, a group a turn, until nothing waits."""
        try:
            while self._waiting:
                async with self.lock:
                    await self._store_together()
                await asyncio.sleep(0)  # those who were told may have their next one at hand
        finally:
            self._serving = None

    async def _store_together(self) -> None:
        calls = list(islice(self._waiting, _MOST_TOGETHER))
        for call in calls:
            del self._waiting[call]
        group = self._submitted(calls)
        await group.done
        self._is_wary = group.has_failed
        if group.left:
            self._waiting = dict.fromkeys([*group.left, *self._waiting])
        self._check()

    def _submitted(self, calls: Sequence[AnyCall]) -> Group:
        group = Group(calls, self.timeout_s, self.connection.watch, self._keys, is_wary=self._is_wary)
        try:
            self.connection.submit(group)
        except DbError as error:
            group.fail(error)
            group.tell()
        return group

    def _check(self) -> None:
        """Give up a connection that something left in a transaction."""
        if self.connection.is_in_transaction:
            self.connection.give_up()

    def _late(self) -> Exception:
        return Unavailable(f"the turn did not come within {self.wait_s:g} s")
