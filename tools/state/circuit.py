"""What keeps calls from a server that is down."""

import logging
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tools.state.contract import StateUnavailableError

log = logging.getLogger(__name__)
FAILURES = 5
FIRST_WAIT_S, LONGEST_WAIT_S, SHORTEST_WAIT_S = 0.5, 5.0, 0.1


class Down(Exception):  # noqa: N818 (a state, not a fault)
    """The server gave no answer, or one that says that it serves nobody; its text names no password."""


class Circuit:
    """Closed, it lets calls through. After `FAILURES` in a row it is open: calls are refused at once.

    When its wait is over one call at a time goes through as a probe: one that is answered closes it, one that fails
    makes the next wait longer. Waits double up to `LONGEST_WAIT_S`, and each is drawn anew between `SHORTEST_WAIT_S`
    and that (full jitter): processes that were cut off together do not come back together.
    """

    def __init__(self, server: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._server, self._clock = server, clock
        self._failures = 0
        self._probes = 0
        self._ends_at: float | None = None
        self._is_probing = False

    def check(self) -> None:
        """Go on unless it is open.

        Raises:
            StateUnavailableError: it is, and this is no time for a probe.
        """
        if self._ends_at is not None and (self._is_probing or self._clock() < self._ends_at):
            raise self.refusal("calls are refused until it answers a probe")

    def refusal(self, reason: str) -> StateUnavailableError:
        """Make the answer to a call that was not carried out, or may not have been."""
        left_s = 0.0 if self._ends_at is None else self._ends_at - self._clock()
        return StateUnavailableError(f"{self._server}: {reason}", max(left_s, FIRST_WAIT_S))

    @contextmanager
    def passing(self) -> Iterator[None]:
        """Carry out one call, and learn from its end; a cancelled one, and any answer that is no `Down`, tells nothing.

        Raises:
            StateUnavailableError: it is open, or the call ended in `Down`.
        """
        self.check()
        is_probe = self._is_probing = self._ends_at is not None
        try:
            yield
        except Down as error:
            self._failed(str(error), is_probe=is_probe)
            raise self.refusal(str(error)) from None
        else:
            self._answered()
        finally:
            if is_probe:
                self._is_probing = False

    def _answered(self) -> None:
        if self._ends_at is not None:
            log.warning("state: %s answers again", self._server)
        self._failures, self._probes, self._ends_at = 0, 0, None

    def _failed(self, reason: str, *, is_probe: bool) -> None:
        self._failures += 1
        if self._ends_at is None and self._failures >= FAILURES:
            log.error("state: %s: %s; calls are refused until it answers a probe", self._server, reason)
        elif not is_probe:
            return  # one of those that were under way when it opened
        most_s = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2**self._probes)
        self._probes += 1
        self._ends_at = self._clock() + random.uniform(SHORTEST_WAIT_S, most_s)
