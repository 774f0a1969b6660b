"""This process among those that share the log: its name, its signs of life, and the ends of others.

No two clocks are compared. Each process counts its own `beat` up in the table; another one takes it for dead when it
has seen no beat for EVENT_BUS_LEASE_S by its own monotonic clock, or at once where it can see that the process has
ended: on the same machine.
"""

import logging
import os
import secrets
import time
from collections.abc import Callable, Collection
from pathlib import Path

import msgspec

from tools.event_bus.contract import Store

log = logging.getLogger(__name__)

ABSENT_S = 3_600
_ANNOUNCED_EVERY_S = ABSENT_S / 4
Pair = tuple[str, str]
"""An event and a group."""

_ANNOUNCE = """
INSERT INTO _event_groups (event, grp, seen_at) VALUES (?, ?, ?)
ON CONFLICT (event, grp) DO UPDATE SET seen_at = excluded.seen_at"""
_LOSE = """
UPDATE _event_deliveries SET state = 'lost', worker = '', spent = spent + CASE WHEN alone THEN 1 ELSE 0 END
WHERE state = 'claimed'
AND NOT EXISTS (SELECT 1 FROM _event_workers w WHERE w.worker = _event_deliveries.worker)"""


def is_of(event: str, group: str, pairs: Collection[Pair]) -> bool:
    """Tell whether deliveries are of one of `pairs`; one without an event has all of its group, as the outbox does."""
    return (event, group) in pairs or ("", group) in pairs


class Seen(msgspec.Struct):
    """A process's row."""

    worker: str
    host: str
    process: str
    beat: int
    subscribes: str


class Worker:
    """One row of `_event_workers`."""

    def __init__(self, store: Store, lease_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._store, self._lease_s, self._clock = store, lease_s, clock
        self._host, self._process = _host(), _process(os.getpid())
        self._beats: dict[str, tuple[int, float]] = {}
        self._pairs: list[Pair] = []
        self._announced_at = 0.0
        self._looked_at = self._alive_at = clock()
        self.name = ""
        self.others: set[Pair] = set()
        """What other living processes subscribe."""
        self.absent: set[Pair] = set()
        """What nobody subscribes just now, and somebody did within `ABSENT_S`: it may be about to start again."""

    async def register(self, pairs: Collection[Pair]) -> None:
        """Begin to live, under a new name."""
        now, name = self._clock(), f"{os.getpid()}-{secrets.token_hex(8)}"
        await self._store.execute(
            "INSERT INTO _event_workers (worker, host, process, beat, subscribes) VALUES (?, ?, ?, 0, ?)",
            (name, self._host, self._process, msgspec.json.encode(sorted(pairs)).decode()),
        )
        self.name, self._alive_at, self._pairs = name, now, sorted(pairs)
        await self.announce(self._pairs)

    async def announce(self, pairs: Collection[Pair]) -> None:
        """Say that these groups are there."""
        self._announced_at = self._clock()
        for event, group in pairs:
            await self._store.execute(_ANNOUNCE, (event, group, time.time()))

    async def beat(self) -> bool:
        """Give a sign of life; False when this process was taken for dead meanwhile."""
        now, sql = self._clock(), "UPDATE _event_workers SET beat = beat + 1 WHERE worker = ?"
        is_alive = await self._store.execute(sql, (self.name,)) == 1
        if is_alive:
            self._alive_at = now
        return is_alive

    @property
    def may_be_dead(self) -> bool:
        """Whether the last sign of life is so long ago that others may have what was claimed here."""
        return self._clock() - self._alive_at > self._lease_s

    async def look(self) -> bool:
        """Look after the others; True when one was found dead, and what it had claimed is lost."""
        sql = "SELECT worker, host, process, beat, subscribes FROM _event_workers"
        rows: list[Seen] = await self._store.query(sql, into=Seen)
        now, before = self._clock(), self._beats
        if now - self._looked_at > self._lease_s / 2:  # this one was blind; the others may have been too
            before = {}
        self._looked_at = now
        self._beats = {one.worker: self._seen(before.get(one.worker), one.beat, now) for one in rows}
        dead = [one for one in rows if one.worker != self.name and self._is_dead(one, now)]
        for one in dead:
            log.warning("event_bus: the process %s ended with its work undone, which goes to others", one.worker)
            sql = "DELETE FROM _event_workers WHERE worker = ? AND beat = ?"
            await self._store.execute(sql, (one.worker, one.beat))
        living = [one for one in rows if one not in dead and one.worker != self.name]
        self.others = {(event, group) for one in living for event, group in msgspec.json.decode(one.subscribes)}
        if now - self._announced_at > _ANNOUNCED_EVERY_S:
            await self.announce(self._pairs)
        sql = "SELECT event, grp FROM _event_groups WHERE seen_at > ? AND event <> ''"
        since_s = time.time() - ABSENT_S - _ANNOUNCED_EVERY_S  # it may have ended so long after it was last seen
        seen = {(row["event"], row["grp"]) for row in await self._store.query(sql, (since_s,))}
        self.absent = seen - self.others
        return bool(await self._store.execute(_LOSE)) or bool(dead)

    async def leave(self) -> None:
        """Live no more."""
        await self._store.execute("DELETE FROM _event_workers WHERE worker = ?", (self.name,))

    def _seen(self, before: tuple[int, float] | None, beat: int, now: float) -> tuple[int, float]:
        return before if before is not None and before[0] == beat else (beat, now)

    def _is_dead(self, one: Seen, now: float) -> bool:
        if one.host == self._host and _process(int(one.process.partition(":")[0])) != one.process:
            return True
        return now - self._beats[one.worker][1] > self._lease_s


def _host() -> str:
    """Name where process ids mean the same as here: this boot of this machine, and this container of it."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}/{os.readlink('/proc/self/ns/pid')}"
    except OSError:  # no Linux: nobody is like us, and beats decide
        return secrets.token_hex(16)


def _process(pid: int) -> str:
    """Name a process that lives, by its id and its start; empty for one that does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return "" if pid != os.getpid() else f"{pid}:0"
    return "" if stat[0] in "ZX" else f"{pid}:{stat[19]}"
