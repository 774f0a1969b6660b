"""One timer for all calls of some threads: a time-out costs a call an entry in a set, not a timer of its own."""

import asyncio
from collections.abc import Callable
from math import inf
from time import monotonic

from tools.db.contract import QueryTimeoutError
from tools.db.sqlite.call import INTERRUPT_EVERY_S, AnyCall, Place

DRAIN_TIMEOUT_S = 10.0
"""A thread that is not free by then hangs in the kernel: it is left alone, and the connection with it."""


class Watch:
    """Ends calls that wait or run for too long.

    Args:
        give_up: leaves a thread that hangs alone, and tells the callers of what it runs.
    """

    def __init__(self, give_up: Callable[[Place], None]) -> None:
        self._give_up = give_up
        self._calls: set[AnyCall] = set()
        self._due_s = inf
        self._timer: asyncio.TimerHandle | None = None

    def add(self, call: AnyCall) -> None:
        """Begin to watch."""
        self._calls.add(call)
        if call.due_s < self._due_s:
            self.look_at(call.due_s)

    def discard(self, call: AnyCall) -> None:
        """Stop watching."""
        self._calls.discard(call)

    def look_at(self, due_s: float) -> None:
        """Look at that time; a timer set once serves all that come before it goes off."""
        if self._timer is not None:
            self._timer.cancel()
        self._due_s = due_s
        self._timer = asyncio.get_running_loop().call_later(max(0.0, due_s - monotonic()), self._look)

    def stop_all(self, instead: Callable[[], Exception]) -> None:
        """Take back what waits, and interrupt what runs until it is over."""
        for call in list(self._calls):
            if call.withdraw():
                call.fail(instead())
                call.tell()
            elif call.place is not None and call.stopped_s == inf:
                call.stop(instead())
                self.add(call)

    def close(self) -> None:
        """Set no timer any more."""
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        self._timer, self._due_s = None, inf
        now_s = monotonic()
        for call in list(self._calls):
            if call.due_s <= now_s:
                self._check(call, now_s)
        due_s = min((call.due_s for call in self._calls), default=inf)
        if due_s < inf:
            self.look_at(due_s)

    def _check(self, call: AnyCall, now_s: float) -> None:
        place = call.place
        if place is None:
            self._check_waiting(call, now_s)
        elif call.stopped_s + DRAIN_TIMEOUT_S <= now_s:
            call.due_s = now_s + DRAIN_TIMEOUT_S  # a thread that was given up before is not given up again
            self._give_up(place)
        elif call.stopped_s < inf:
            call.due_s = now_s + INTERRUPT_EVERY_S
            call.interrupt()
        elif call.began_s + call.timeout_s <= now_s:
            call.stop(QueryTimeoutError())
        else:
            call.due_s = call.began_s + call.timeout_s

    def _check_waiting(self, call: AnyCall, now_s: float) -> None:
        """Look at one that has not begun, or that is over and not told yet."""
        if call.since_s + call.wait_s <= now_s and call.withdraw():
            call.fail(call.late())
            call.tell()
        elif call.stopped_s < inf:
            call.due_s = now_s + INTERRUPT_EVERY_S
        elif call.began_s < inf:
            call.due_s = now_s + call.timeout_s
        else:
            call.due_s = call.since_s + call.wait_s
