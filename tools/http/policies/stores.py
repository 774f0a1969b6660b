"""What the policies of one http tool remember, and where."""

import time

from hookspecs import owner
from tools.http.contract import Counters, RouteError
from tools.http.policies.answer_cache import AnswerCache
from tools.http.policies.counters import Clock, MemoryCounters

MAX_RATES = 100_000
MAX_ANSWERS, MAX_ANSWER_BYTES = 100_000, 67_108_864


class Stores:
    """Counters of rate limits, answers to idempotency keys, cached answers: bounded apart, so none crowds another out.

    In one process a full store drops its oldest entries: a flood can then make another caller's key forgotten, and
    never stops the service. Where that matters, `keep_in` a store that refuses instead.

    Cached answers stay in the process: they are many, large, and cheaper to make than to fetch.
    """

    def __init__(self, max_cache_bytes: int, clock: Clock = time.monotonic) -> None:
        self._own_rates = MemoryCounters(MAX_RATES, MAX_RATES * 1_024, clock)
        self._own_answers = MemoryCounters(MAX_ANSWERS, MAX_ANSWER_BYTES, clock)
        self.rates: Counters = self._own_rates
        self.answers: Counters = self._own_answers
        self.cache = AnswerCache(max_cache_bytes, clock)

    @property
    def are_own(self) -> bool:
        """Whether counters are this process's, and not what `keep_in` gave."""
        return self.rates is self._own_rates

    def keep_in(self, counters: Counters) -> None:
        """Count and keep there, until the owner's registration is undone.

        Raises:
            RouteError: somebody has said so already.
        """
        if not self.are_own:
            raise RouteError(f"keep_in({counters!r}): http keeps in {self.rates!r} already: delete one of the two")
        owner.get().undo.callback(self._keep_here)
        self.rates = self.answers = counters

    def _keep_here(self) -> None:
        self.rates, self.answers = self._own_rates, self._own_answers
