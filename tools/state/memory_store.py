"""What `state` remembers, as bytes, with the time at which each is over."""

import heapq
import math
from collections.abc import Callable
from typing import NamedTuple

from tools.state.values import check_ttl

Path = tuple[str, ...]
"""The names of the namespaces, then the key: no two of different depth or name are equal."""


class Entry(NamedTuple):
    """One value; `ends_at` is in the clock's seconds, infinite for one that stays."""

    encoded: bytes
    ends_at: float


class MemoryStore:
    """A dict, and a heap of its ends: to free what is over costs what is over, not what is kept."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._entries: dict[Path, Entry] = {}
        self._ends: list[tuple[float, Path]] = []

    def __len__(self) -> int:
        return len(self._entries)

    def end(self, ttl: float | None) -> float:
        """Tell when a value set now is over."""
        check_ttl(ttl)
        return math.inf if ttl is None else self._clock() + ttl

    def left_s(self, entry: Entry) -> float:
        """Tell how long an entry has."""
        return entry.ends_at - self._clock()

    def find(self, path: Path) -> Entry | None:
        """Get what is there and not over."""
        entry = self._entries.get(path)
        if entry is not None and self.left_s(entry) <= 0:
            del self._entries[path]
            return None
        return entry

    def put(self, path: Path, entry: Entry) -> None:
        """Set what is there."""
        self._entries[path] = entry
        if entry.ends_at < math.inf:
            heapq.heappush(self._ends, (entry.ends_at, path))
            # one key set again and again leaves an end each time
            if len(self._ends) > 2 * len(self._entries) + 64:
                self._ends = [(kept.ends_at, key) for key, kept in self._entries.items() if kept.ends_at < math.inf]
                heapq.heapify(self._ends)

    def drop(self, path: Path) -> bool:
        """Forget what is there; True when there was something, and not over."""
        was_there = self.find(path) is not None
        self._entries.pop(path, None)
        return was_there

    def sweep(self, most: int) -> bool:
        """Free up to `most` of what is over; True when there may be more."""
        now = self._clock()
        for _ in range(most):
            if not self._ends or self._ends[0][0] > now:
                return False
            _, path = heapq.heappop(self._ends)
            self.find(path)
        return True
