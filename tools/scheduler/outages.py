"""What cannot be done now, and when it is tried again: each after growing waits, and logged once."""

import logging
import random
import time
from typing import NamedTuple

log = logging.getLogger(__name__)
FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 30.0


class Outage(NamedTuple):
    """How often something has failed in a row, and when it is tried again, by the monotonic clock."""

    failures: int
    again_at_s: float


class Outages:
    """Known by what fails: an event that is refused, a job, or the database."""

    def __init__(self) -> None:
        self._known: dict[str, Outage] = {}

    def failed(self, what: str, error: BaseException) -> None:
        """Note a failure; it is waited half to all of a time that doubles, 30 s at most."""
        failures = self._known[what].failures + 1 if what in self._known else 1
        if failures == 1:
            log.warning("scheduler failed at %s, and tries again until it works: %r", what, error)
        wait_s = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(failures - 1, 16))
        self._known[what] = Outage(failures, time.monotonic() + wait_s * random.uniform(0.5, 1))

    def worked(self, what: str) -> None:
        """Note that it works."""
        if outage := self._known.pop(what, None):
            log.info("scheduler works again at %s, after %d failures", what, outage.failures)

    def wait_s(self, what: str) -> float:
        """Tell how long not to try it; 0 for what has not failed."""
        outage = self._known.get(what)
        return 0 if outage is None else max(0.0, outage.again_at_s - time.monotonic())
