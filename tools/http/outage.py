"""Says in the log what clients are told with a 5xx on purpose: an outage is one line a second, not one a request."""

import logging
import time

log = logging.getLogger(__name__)
PAUSE_S = 1.0


class Outages:
    """The warnings of one endpoint; `who` is it and its owner."""

    def __init__(self, who: str) -> None:
        self._who = who
        self._last: dict[type[BaseException], tuple[float, int]] = {}  # when it was said, and how many were not

    def warn(self, error: BaseException, status: int) -> None:
        """Say what happened, in the error's own text, which may say more than the client is told."""
        kind, now_s = type(error), time.monotonic()
        said_s, held = self._last.get(kind, (now_s - PAUSE_S, 0))
        if now_s - said_s < PAUSE_S:
            self._last[kind] = said_s, held + 1
            return
        self._last[kind] = now_s, 0
        more = f" ({held} more since the last such line)" if held else ""
        log.warning("%s answered %d: %s%s", self._who, status, error, more)
