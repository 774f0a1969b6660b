"""Where rate limits count, and where answers to idempotency keys lie, unless `keep_in` says where."""

import heapq
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, NamedTuple

Clock = Callable[[], float]
_ENTRY_BYTES = 256  # what an entry takes beside its key and its value: measured, rounded up


class _Entry(NamedTuple):
    """One value; `ends_at` is in the clock's seconds."""

    value: Any
    ends_at: float
    size_bytes: int


class MemoryCounters:
    """See `contract.Counters`: one process's; when it is full the oldest goes. No method awaits, so each is atomic.

    What is over is freed by the writes that follow it, so there is no task to start and to stop.
    """

    def __init__(self, max_entries: int, max_bytes: int, clock: Clock = time.monotonic) -> None:
        self._max_entries, self._max_bytes, self._clock = max_entries, max_bytes, clock
        self._entries: OrderedDict[str, _Entry] = OrderedDict()  # a dict's first key is slow to find in a queue
        self._ends: list[tuple[float, str]] = []
        self._size_bytes = 0

    def __len__(self) -> int:
        return len(self._entries)

    async def get(self, key: str) -> Any:
        entry = self._find(key)
        return None if entry is None else entry.value

    async def set(self, key: str, value: Any, *, ttl: float | None = None) -> None:
        self._drop(key)
        self._put(key, value, self._end(ttl))

    async def increment(self, key: str, by: int = 1, *, ttl: float | None = None) -> int:
        entry = self._find(key)
        if entry is None:
            self._put(key, by, self._end(ttl))
            return by
        count: int = entry.value + by
        self._entries[key] = entry._replace(value=count)  # in its old place: a counter is as old as its first count
        return count

    async def delete(self, key: str) -> None:
        self._drop(key)

    async def ttl(self, key: str) -> float | None:
        entry = self._find(key)
        return None if entry is None or entry.ends_at == math.inf else entry.ends_at - self._clock()

    def _end(self, ttl: float | None) -> float:
        return math.inf if ttl is None else self._clock() + ttl

    def _find(self, key: str) -> _Entry | None:
        entry = self._entries.get(key)
        if entry is not None and entry.ends_at <= self._clock():
            self._drop(key)
            return None
        return entry

    def _put(self, key: str, value: Any, ends_at: float) -> None:
        self._sweep()
        size_bytes = _ENTRY_BYTES + len(key) + (len(value) if isinstance(value, bytes) else 0)
        self._entries[key] = _Entry(value, ends_at, size_bytes)
        self._size_bytes += size_bytes
        if ends_at < math.inf:
            heapq.heappush(self._ends, (ends_at, key))
        while len(self._entries) > self._max_entries or self._size_bytes > self._max_bytes:
            self._size_bytes -= self._entries.popitem(last=False)[1].size_bytes

    def _drop(self, key: str) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._size_bytes -= entry.size_bytes

    def _sweep(self) -> None:
        now = self._clock()
        while self._ends and self._ends[0][0] <= now:
            self._find(heapq.heappop(self._ends)[1])
        if len(self._ends) > 2 * len(self._entries) + 64:  # keys that were dropped, or set again, left an end each
            self._ends = [(one.ends_at, key) for key, one in self._entries.items() if one.ends_at < math.inf]
            heapq.heapify(self._ends)
