"""Receives for one group: waits for its turn, takes packets in order, and writes down how far it is.

One place for each event and group, in the broker, says how far the group is and who receives for it. It changes by
compare-and-swap only: so of all processes one is the holder, and one that has lost its turn cannot move the place.

    turn:  nobody holds it, or the holder's beat has not moved for LEASE_S   -> write our name
    hold:  read after the place -> take -> write the place                   -> and a beat every RENEW_S
    end:   write that nobody holds it, so that the next one need not wait

No clock but this process's own monotonic one is asked. What a holder had read, but not taken, the next one reads anew.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress
from typing import NamedTuple, Protocol
from uuid import uuid4

from tools.event_bus.brokers.broker import BrokerDown, Packet, Take
from tools.event_bus.brokers.upkeep import end, growing_waits

log = logging.getLogger(__name__)

LEASE_S = 10.0
RENEW_S = 3.0
_LOOK_S = 0.5
_RELEASED_WITHIN_S = 0.8


class Place(NamedTuple):
    """How far a group is with an event, and who receives for it: empty for nobody."""

    holder: str
    position: str
    version: str
    """Another one after each write."""


Batch = tuple[Sequence[Packet], str]
"""Packets, and the position after them."""


class Source(Protocol):
    """What a lane needs of a broker; all but `wait` raise BrokerDown."""

    async def wait(self) -> None:
        """Wait until it is connected."""
        ...

    async def read_place(self, event: str, group: str) -> Place:
        """Read a place; one that is not there is made, behind all that was sent before."""
        ...

    async def write_place(self, event: str, group: str, place: Place) -> Place | None:
        """Write over the place of that version; None where it has another one by now."""
        ...

    def batches(self, event: str, position: str) -> AsyncGenerator[Batch]:
        """Read what comes after a position, without end."""
        ...


class _TurnOver(Exception):  # noqa: N818 (a state, not a fault)
    """Another one holds the place."""


class Lane:
    """One receiver of one group for one event."""

    def __init__(self, source: Source, event: str, group: str, take: Take) -> None:
        self._source, self._event, self._group, self._take = source, event, group, take
        self._me = uuid4().hex
        self._place: Place | None = None
        self._has_asked = False
        """Whether a claim of ours may be written that had no answer."""
        self._limit = asyncio.timeout(None)
        self._writing = asyncio.Lock()

    async def run(self) -> None:
        """Receive until cancelled; then let the next one have its turn."""
        waits = growing_waits()
        try:
            while True:
                try:
                    await self._hold(await self._turn())
                    waits = growing_waits()
                except BrokerDown as error:
                    log.debug("events: %s waits: %s", self, error)
                except Exception:
                    log.exception("events: %s failed, and is tried again", self)
                await asyncio.sleep(next(waits))
                await self._source.wait()
        finally:
            await self._release()

    def __str__(self) -> str:
        return f"{self._group!r} of {self._event!r}"

    async def _turn(self) -> float:
        """Wait for our turn; gives the time until which it is ours."""
        seen, since = "", 0.0
        while True:
            now = asyncio.get_running_loop().time()
            place = await self._source.read_place(self._event, self._group)
            if place.version != seen:
                seen, since = place.version, now
            if place.holder in ("", self._me) or now - since >= LEASE_S:
                mine = self._place is not None and place.holder == self._me
                position = self._place.position if self._place is not None and mine else place.position
                claim = Place(self._me, position, place.version)
                self._has_asked = True
                self._place = await self._source.write_place(self._event, self._group, claim)
                self._has_asked = False
                if self._place is not None:
                    return now + LEASE_S
            await asyncio.sleep(_LOOK_S)

    async def _hold(self, until: float) -> None:
        """Take what comes for as long as it is our turn; a `take` that is under way when it is over is cancelled."""
        assert self._place is not None, "a turn begins with a place"
        self._limit = asyncio.timeout_at(until)
        try:
            async with self._limit:
                beating = asyncio.create_task(self._beat())
                try:
                    async with aclosing(self._source.batches(self._event, self._place.position)) as batches:
                        async for packets, position in batches:
                            await self._hand_over(packets)
                            self._place = self._place._replace(position=position)
                            await self._write()
                finally:
                    await end(beating)
        except (_TurnOver, TimeoutError):
            self._place = None
            log.warning("events: it is no longer this process's turn to receive for %s", self)

    async def _hand_over(self, packets: Sequence[Packet]) -> None:
        is_said = False
        for wait_s in growing_waits():
            try:
                return await self._take(packets)
            except Exception:
                if not is_said:
                    log.exception("events: %d packets for %s were not taken, and come again", len(packets), self)
                is_said = True
            await asyncio.sleep(wait_s)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(RENEW_S)
            try:
                await self._write()
            except BrokerDown:
                await self._source.wait()
            except _TurnOver:
                self._reschedule(0)
                return

    async def _write(self) -> None:
        """Write our place down, which makes our turn longer."""
        async with self._writing:
            while self._place is not None:
                began = asyncio.get_running_loop().time()
                written = await self._source.write_place(self._event, self._group, self._place)
                if written is not None:
                    self._place = self._place._replace(version=written.version)  # its position may have moved since
                    self._reschedule(began + LEASE_S)
                    return
                found = await self._source.read_place(self._event, self._group)
                if found.holder != self._me:
                    raise _TurnOver
                self._place = self._place._replace(version=found.version)  # a write of ours had no answer

    def _reschedule(self, until: float) -> None:
        with suppress(RuntimeError):  # it is over already
            self._limit.reschedule(until)

    async def _release(self) -> None:
        with suppress(BrokerDown, TimeoutError, _TurnOver):
            async with asyncio.timeout(_RELEASED_WITHIN_S):
                if self._place is None and self._has_asked:
                    found = await self._source.read_place(self._event, self._group)
                    self._place = found if found.holder == self._me else None
                if self._place is not None:
                    self._place = self._place._replace(holder="")
                    await self._write()


class Lanes:
    """All that one adapter receives."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._running: set[asyncio.Task[None]] = set()

    async def receive(self, event: str, group: str, take: Take) -> None:
        """Receive until cancelled; after `close`, wait for that."""
        task = asyncio.create_task(Lane(self._source, event, group, take).run())
        self._running.add(task)
        try:
            await asyncio.wait([task])
            await asyncio.Event().wait()
        finally:
            self._running.discard(task)
            await end(task)

    async def close(self) -> None:
        """End what is being taken, and let others have their turn."""
        await end(*self._running)
