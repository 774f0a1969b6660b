"""The log as outbox and inbox of a broker: commit first, relay after; what comes in is stored, then confirmed."""

import asyncio
import logging
from collections.abc import Sequence
from hashlib import sha256

import msgspec

from hookspecs import Trace
from tools.event_bus.brokers.broker import Broker, Packet
from tools.event_bus.brokers.link import Link
from tools.event_bus.brokers.wire import unpacked
from tools.event_bus.contract import Gives, Store
from tools.event_bus.message import Message
from tools.event_bus.settings import EventBusSettings
from tools.event_bus.sql.relay import OUTBOX, Relay
from tools.event_bus.sql.rows import insertion
from tools.event_bus.sql.sql_log import SqlLog
from tools.event_bus.sql.sql_log import gives as of_log
from tools.event_bus.sql.watch import POLL_S
from tools.event_bus.sql.worker import Pair

log = logging.getLogger(__name__)
_EXPLAIN = "UPDATE _event_deliveries SET error = ?, ended_at = ? WHERE event_id = ? AND grp = ?"
_ONCE = " ON CONFLICT (event_id, grp) DO NOTHING"


def gives(dialect: str, broker: Gives) -> Gives:
    """Say what both give together."""
    return msgspec.structs.replace(of_log(dialect), transport=f"{broker.transport}, {dialect} log",
                                   power_cut=f"{broker.power_cut} of what the broker has confirmed")  # fmt: skip


class BrokeredLog(SqlLog):
    """Keeps `Log`: all events go through the broker, to the groups of this application too."""

    def __init__(self, settings: EventBusSettings, store: Store, broker: Broker) -> None:
        super().__init__(settings, store)
        self.gives = gives(store.dialect, broker.gives)
        self._link = Link(broker, self._take)
        self._relay = Relay(store, self._claims, self._worker, self._marks, self._link, self._room.one_less)

    async def open(self) -> None:
        groups: dict[str, list[str]] = {}
        for event, group in self._feeders:
            groups.setdefault(event, []).append(group)
        await self._worker.announce([OUTBOX])
        await super().open()
        self._watch.chores.append(self._relay.look)
        await self._link.open(groups, self._settings.event_bus_timeout_s)
        self._link.start(self._relay.work(), "relays")

    async def drain(self) -> None:
        await self._link.end_receiving()
        await super().drain()

    async def close(self) -> None:
        await self._link.close()
        await super().close()

    def _targets(self, event: str) -> Sequence[str]:
        return OUTBOX[1:]

    def _known(self) -> set[Pair]:
        return {OUTBOX, *super()._known()}

    def _wake(self, message: Message) -> None:
        if message.delay_s:
            super()._wake(message)
        else:
            self._relay.wake()

    async def _take(self, event: str, group: str, packets: Sequence[Packet]) -> None:
        """Store what came in; a second time it is known already. While there is no room, the broker keeps it."""
        while self._room.is_full:  # noqa: ASYNC110 (others make room too)
            await asyncio.sleep(POLL_S)
        stored = 0
        async with self._store.transaction():
            for packet in packets:
                try:
                    sql, params = insertion(unpacked(packet), (group,), "waiting")
                except msgspec.MsgspecError as error:
                    await self._bury(event, group, packet, error)
                else:
                    stored += await self._store.execute(sql + _ONCE, params) is not None  # the new row's id
        self._room.more(stored)
        self._wake_pair((event, group))

    async def _bury(self, event: str, group: str, packet: Packet, error: Exception) -> None:
        """Keep what is no event of ours as a dead letter, once: nothing in it is known to be what it says."""
        log.error("event_bus got something through the broker that is no event of its own: %s", error)
        body, event_id = msgspec.json.encode(packet.data[:1_000]), sha256(packet.data).hexdigest()
        stranger = Message(event, body, Trace(event_id, "", event_id, ""), (), self._watch.now_s())
        sql, params = insertion(stranger, (group,), "dead")
        await self._store.execute(sql + _ONCE, params)
        await self._store.execute(
            _EXPLAIN, (f"no event of this bus: {error}", stranger.published_at_s, event_id, group)
        )
