"""The one connection that writes, and the fair queue in front of it."""

import asyncio
import sqlite3
from collections.abc import Callable
from typing import TypeVar

from tools.db.contract import QueryTimeoutError, Unavailable, UnknownOutcomeError
from tools.db.sqlite.connection import Connection
from tools.db.turns import take_turn, turn

_PROBE_WAIT_S = 0.2
"""For the turn; a transaction of ours is far shorter, or at work."""

T = TypeVar("T")
Job = Callable[[sqlite3.Connection], T]


class Writer:
    """Runs what may write, one at a time."""

    def __init__(self, connection: Connection, *, timeout_s: float, wait_s: float) -> None:
        self.connection = connection
        self.timeout_s, self.wait_s = timeout_s, wait_s
        self.lock = asyncio.Lock()

    async def run(self, job: Job[T], *, has_limit: bool = True) -> T:
        """Run one statement that is its own transaction, in its turn."""
        async with turn(self.lock, self.wait_s):
            try:
                return await self.run_now(job, self.timeout_s if has_limit else None)
            finally:
                if self.connection.is_in_transaction:
                    self.connection.give_up()

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
        await self.connection.close()
