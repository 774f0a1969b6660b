"""How a subscription wants its deliveries; see `EventBus.subscribe`."""

from typing import Self, get_args

from msgspec import Struct

from tools.event_bus.contract import Gift

MOST_RETRIES, MOST_AT_ONCE = 1_000, 1_000


class Options(Struct, frozen=True, kw_only=True):
    """Checked; times are in seconds."""

    retries: int
    backoff_s: float
    timeout_s: float
    concurrency: int
    transactional: bool
    require: frozenset[Gift]

    def checked(self, who: str) -> Self:
        """Give them back.

        Raises:
            ValueError: one is out of range.
        """
        if not 0 <= self.retries <= MOST_RETRIES:
            raise ValueError(f"{who} subscribes with retries={self.retries!r}: give 0 to {MOST_RETRIES}")
        if not 0 <= self.backoff_s < float("inf"):
            raise ValueError(f"{who} subscribes with backoff={self.backoff_s!r}: give seconds, none below 0")
        if not 0 < self.timeout_s < float("inf"):
            raise ValueError(f"{who} subscribes with timeout={self.timeout_s!r}: give seconds above 0")
        if not 1 <= self.concurrency <= MOST_AT_ONCE:
            raise ValueError(f"{who} subscribes with concurrency={self.concurrency!r}: give 1 to {MOST_AT_ONCE}")
        if spare := self.require - set(known := get_args(Gift)):
            raise ValueError(
                f"{who} requires {sorted(spare)}, which no transport gives: it may be of {', '.join(known)}"
            )
        return self
