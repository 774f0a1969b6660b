"""Cached answers of one process: what was asked for longest ago goes first."""

import time
from collections import OrderedDict
from collections.abc import Hashable
from typing import NamedTuple

from tools.http.policies.counters import Clock
from tools.http.policies.kept import Kept

_ENTRY_BYTES = 512


class _Entry(NamedTuple):
    answer: Kept
    since: float
    ends_at: float
    size_bytes: int


class AnswerCache:
    """Holds answers of `max_bytes` together, and none that takes more than an eighth of that."""

    def __init__(self, max_bytes: int, clock: Clock = time.monotonic) -> None:
        self._max_bytes, self._clock, self._size_bytes = max_bytes, clock, 0
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()

    @property
    def size_bytes(self) -> int:
        """What the answers take, about."""
        return self._size_bytes

    def find(self, key: Hashable) -> tuple[Kept, float] | None:
        """Get an answer and its age in seconds."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        now = self._clock()
        if entry.ends_at <= now:
            self._drop(key)
            return None
        self._entries.move_to_end(key)
        return entry.answer, now - entry.since

    def put(self, key: Hashable, key_bytes: int, answer: Kept, ttl_s: float) -> None:
        """Keep an answer in place of the one before."""
        self._drop(key)
        size_bytes = _ENTRY_BYTES + key_bytes + answer.size_bytes
        if size_bytes > self._max_bytes // 8:
            return
        now = self._clock()
        self._entries[key] = _Entry(answer, now, now + ttl_s, size_bytes)
        self._size_bytes += size_bytes
        while self._size_bytes > self._max_bytes:
            self._size_bytes -= self._entries.popitem(last=False)[1].size_bytes

    def _drop(self, key: Hashable) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._size_bytes -= entry.size_bytes
