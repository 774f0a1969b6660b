"""Statements of several callers that share one transaction, and so one wait for the disk, but not their fate.

    BEGIN IMMEDIATE
    one statement, the next, ...
    COMMIT                                        only then is anyone told

If one fails, all of it is rolled back: nobody was told of it. They are run again, now with savepoints,

    SAVEPOINT one; a statement; RELEASE one       or ROLLBACK TO one, and its caller gets its error

and what undoes all even so (an interrupted statement, a full disk, a rule that is checked at COMMIT) lets those run
again who are not to blame, in the end each by itself.
"""

import asyncio
import sqlite3
from collections.abc import Sequence
from time import monotonic

from tools.db.contract import QueryTimeoutError, UnknownOutcomeError
from tools.db.sqlite.call import AnyCall, Call, Place, Watch
from tools.db.sqlite.connection import roll_back
from tools.db.sqlite.faults import fault, shout
from tools.db.sqlite.schema import Keys

_TOGETHER = 2
"""How often they are tried together with savepoints: each try may have one who undoes all."""
_LONGEST_S = 0.05
"""Whoever has run waits for those behind: after so long none begins any more."""


class Group:
    """`Work` for the writer's thread, for whoever has its turn.

    Args:
        calls: what is to be stored, in this order.
        timeout_s: for BEGIN and for COMMIT; each call has its own.
        watch: looks after those two.
        keys: is asked to look once for all calls, which only change rows.
        is_wary: begin with savepoints, since one of the group before has failed.
    """

    def __init__(
        self, calls: Sequence[AnyCall], timeout_s: float, watch: Watch, keys: Keys, *, is_wary: bool = False
    ) -> None:
        self._calls, self._watch, self._keys, self._is_wary = calls, watch, keys, is_wary
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """When all are told."""
        self.left: list[AnyCall] = []
        """For the next group: those whose turn did not come in time."""
        self._kept: set[AnyCall] = set()
        """What is stored, whatever befalls the others."""
        self.has_failed = False
        """Whether one of them did."""
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
            if len(again) > 1 and not self._is_wary:
                again = self._stored(place, again)
            for _ in range(_TOGETHER):
                if len(again) > 1:
                    again = self._stored(place, again, has_savepoints=True)
            for call in again:
                self._stored(place, [call])
        except sqlite3.Error as error:  # of a SAVEPOINT or a ROLLBACK: the disk
            self._blame(place.raw, self._calls, error)
        finally:
            self._keys.held_by = None

    def fail(self, error: BaseException) -> None:
        """Fail all that have not failed yet; of what hung in the disk nobody knows."""
        for call in self._not_ended(self._calls):
            call.fail(UnknownOutcomeError() if isinstance(error, QueryTimeoutError) else error)

    def _stored(self, place: Place, calls: list[AnyCall], *, has_savepoints: bool = False) -> list[AnyCall]:
        """Run `calls` in one transaction; answers with those that have to be run again."""
        raw, end_s = place.raw, monotonic() + _LONGEST_S
        if error := self._framed(place, "BEGIN IMMEDIATE"):
            self._blame(raw, calls, error)
            return []
        self._keys.look(raw)
        self._keys.held_by = raw
        for number, call in enumerate(calls):
            if number and monotonic() > end_s:
                calls, self.left = calls[:number], [*self.left, *calls[number:]]
                for one in self.left:
                    one.put_back()
                break
            _run_apart(call, place) if has_savepoints else call.run(place)
            self.has_failed = self.has_failed or call.error is not None
            if call.error is not None and not has_savepoints:
                roll_back(raw)
                return calls if len(calls) > 1 else []
            if not raw.in_transaction:
                return [one for one in calls[:number] if one.error is None] + calls[number + 1 :]
        if error := self._framed(place, "COMMIT"):
            roll_back(raw)
            if isinstance(error, sqlite3.IntegrityError) and len(calls) > 1:
                return [call for call in calls if call.error is None]
            self._blame(raw, calls, error, is_write=True)
        else:
            self._kept.update(calls)
        return []

    def _not_ended(self, calls: Sequence[AnyCall]) -> list[AnyCall]:
        return [call for call in calls if call.error is None and call not in self._kept]

    def _framed(self, place: Place, sql: str) -> BaseException | None:
        frame = self._frame
        frame.stopped_s, frame.job = float("inf"), lambda raw: raw.execute(sql)
        frame.run(place)
        return frame.error

    def _blame(
        self, raw: sqlite3.Connection, calls: Sequence[AnyCall], error: BaseException, *, is_write: bool = False
    ) -> None:
        shout(error)
        for call in self._not_ended(calls):
            call.fail(fault(raw, error, call.table, is_write=is_write))


def _run_apart(call: AnyCall, place: Place) -> None:
    """Run one so that, when it fails, nothing of it stays, and all else does."""
    raw = place.raw
    raw.execute("SAVEPOINT one")
    call.run(place)
    if raw.in_transaction:
        if call.error is not None:
            raw.execute("ROLLBACK TO one")
        raw.execute("RELEASE one")
