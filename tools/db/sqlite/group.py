"""Statements of several callers that share one transaction, and so one wait for the disk, but not their fate.

    BEGIN IMMEDIATE
    SAVEPOINT one; a statement; RELEASE one       or ROLLBACK TO one, and its caller gets its error
    SAVEPOINT one; the next
    COMMIT                                        only then is anyone told

What undoes all of it (an interrupted statement, a full disk, a rule that is checked at COMMIT) undid nothing that
anyone was told of: those who are not to blame are run again, in the end each by itself.
"""

import asyncio
import sqlite3
from collections.abc import Sequence
from time import monotonic

from tools.db.contract import QueryTimeoutError, UnknownOutcomeError
from tools.db.sqlite.call import AnyCall, Call, Place, Watch
from tools.db.sqlite.connection import roll_back
from tools.db.sqlite.faults import fault, shout

_TOGETHER = 2
"""How often they are tried together: each try may have one who undoes all."""
_LONGEST_S = 0.05
"""Whoever has run waits for those behind: after so long none begins any more."""


class Group:
    """`Work` for the writer's thread, for whoever has its turn.

    Args:
        calls: what is to be stored, in this order.
        timeout_s: for BEGIN and for COMMIT; each call has its own.
        watch: looks after those two.
    """

    def __init__(self, calls: Sequence[AnyCall], timeout_s: float, watch: Watch) -> None:
        self._calls, self._watch = calls, watch
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """When all are told."""
        self.left: list[AnyCall] = []
        """For the next group: those whose turn did not come in time."""
        self._frame: AnyCall = Call(roll_back, timeout_s)
        """What runs around the calls, so that it is watched too."""
        watch.add(self._frame)

    def tell(self) -> None:
        """Tell all but those who are left."""
        self._watch.discard(self._frame)
        for call in self._calls:
            if call not in self.left:
                call.tell()
        if not self.done.done():
            self.done.set_result(None)

    # ------------------------------------------------ in the thread

    def run(self, place: Place) -> None:
        """Store them, together where that goes."""
        again = [call for call in self._calls if not call.is_withdrawn]
        try:
            for _ in range(_TOGETHER):
                if len(again) > 1:
                    again = self._stored(place, again)
            for call in again:
                self._stored(place, [call])
        except sqlite3.Error as error:  # of a SAVEPOINT or a ROLLBACK: the disk
            self._blame(place.raw, self._calls, error)

    def fail(self, error: BaseException) -> None:
        """Fail all that have not failed yet; of what hung in the disk nobody knows."""
        for call in self._calls:
            if call.error is None:
                call.fail(UnknownOutcomeError() if isinstance(error, QueryTimeoutError) else error)

    def _stored(self, place: Place, calls: Sequence[AnyCall]) -> list[AnyCall]:
        """Run `calls` in one transaction; answers with those that have to be run again."""
        raw, end_s = place.raw, monotonic() + _LONGEST_S
        if error := self._framed(place, "BEGIN IMMEDIATE"):
            self._blame(raw, calls, error)
            return []
        for number, call in enumerate(calls):
            if number and monotonic() > end_s:
                calls, self.left = calls[:number], [*self.left, *calls[number:]]
                break
            _run(call, place, is_alone=len(calls) == 1)
            if not raw.in_transaction:
                return [one for one in calls[:number] if one.error is None] + list(calls[number + 1 :])
        if error := self._framed(place, "COMMIT"):
            roll_back(raw)
            if isinstance(error, sqlite3.IntegrityError) and len(calls) > 1:
                return [call for call in calls if call.error is None]
            self._blame(raw, calls, error, is_write=True)
        return []

    def _framed(self, place: Place, sql: str) -> BaseException | None:
        frame = self._frame
        frame.stopped_s, frame.job = float("inf"), lambda raw: raw.execute(sql)
        frame.run(place)
        return frame.error

    def _blame(
        self, raw: sqlite3.Connection, calls: Sequence[AnyCall], error: BaseException, *, is_write: bool = False
    ) -> None:
        shout(error)
        for call in calls:
            if call.error is None:
                call.fail(fault(raw, error, call.table, is_write=is_write))


def _run(call: AnyCall, place: Place, *, is_alone: bool) -> None:
    """Run one so that, when it fails, nothing of it stays."""
    raw = place.raw
    if is_alone:
        call.run(place)
        if call.error is not None:
            roll_back(raw)
        return
    raw.execute("SAVEPOINT one")
    call.run(place)
    if raw.in_transaction:
        if call.error is not None:
            raw.execute("ROLLBACK TO one")
        raw.execute("RELEASE one")
