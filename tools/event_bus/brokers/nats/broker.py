"""The adapter of NATS JetStream."""

import asyncio
import logging
import random
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import suppress

from tools.event_bus.brokers.address import Address
from tools.event_bus.brokers.broker import BrokerDown, Packet, Take
from tools.event_bus.brokers.lane import Batch, Lanes, Place
from tools.event_bus.brokers.nats import link as links
from tools.event_bus.brokers.nats.inbox import Inbox
from tools.event_bus.brokers.nats.link import Link
from tools.event_bus.brokers.nats.names import token
from tools.event_bus.brokers.nats.position import position_at, seq_of
from tools.event_bus.brokers.nats.sender import packet_of, send
from tools.event_bus.brokers.nats.sweep import Sweep
from tools.event_bus.brokers.upkeep import Upkeep, end
from tools.event_bus.contract import Gives

log = logging.getLogger(__name__)

_CONNECTED_WITHIN_S = 2.0
_SWEEP_EVERY_S = 10.0
_SWEPT_WITHIN_S = 60.0
_CLOSED_WITHIN_S = 0.3
_DEDUP_WINDOW_S = 120.0


class NatsBroker:
    """An adapter of NATS JetStream; the package's docstring says what it keeps where."""

    gives = Gives(
        transport="nats",
        gifts=frozenset({"durable", "ordered"}),
        power_cut="nothing with `sync_interval: always` in nats-server's configuration, or with three replicas "
        "that do not lose power together; else up to two minutes, its default",
    )

    def __init__(self, url: str, timeout_s: float) -> None:
        self._address = Address(url, {"cafile": "", "prefix": "events", "replicas": "1"})
        self._timeout_s = timeout_s
        self._stream = self._address.options["prefix"]
        self._replicas = int(self._address.options["replicas"])
        self._groups: dict[str, set[str]] = {}
        self._lanes = Lanes(self)
        self._sweeping: asyncio.Task[None] | None = None
        self._upkeep: Upkeep[Link] | None = None

    async def open(self, groups: Mapping[str, Sequence[str]]) -> None:
        for event, names in groups.items():
            self._groups.setdefault(event, set()).update(names)
        if self._upkeep is None:
            self._upkeep = self._new_upkeep()
        was_up = self._upkeep.is_up
        await self._upkeep.start(self._timeout_s)
        if self._sweeping is None:
            self._sweeping = asyncio.create_task(self._sweep())
        if was_up:
            async with self._upkeep.call(self._timeout_s) as link:
                await self._declare(link)

    async def send(self, packets: Sequence[Packet]) -> None:
        async with self._up().call(self._timeout_s) as link:
            await send(link, self._stream, packets)

    async def receive(self, event: str, group: str, take: Take) -> None:
        await self._lanes.receive(event, group, take)

    async def check_health(self) -> None:
        async with self._up().call(self._timeout_s) as link:
            await link.jetstream.account_info()

    async def close(self) -> None:
        if self._sweeping is not None:
            await end(self._sweeping)
        await self._lanes.close()
        if self._upkeep is not None:
            await self._upkeep.close()

    async def wait(self) -> None:
        await self._up().wait()

    async def read_place(self, event: str, group: str) -> Place:
        async with self._up().call(self._timeout_s) as link:
            while (found := await link.places.read(event, group)) is None:
                info = await link.jetstream.stream_info(self._stream)
                await link.places.create(event, group, position_at(info.state.last_seq, info))
        return found

    async def write_place(self, event: str, group: str, place: Place) -> Place | None:
        async with self._up().call(self._timeout_s) as link:
            return await link.places.write(event, group, place)

    async def batches(self, event: str, position: str) -> AsyncGenerator[Batch]:
        async with self._up().call(self._timeout_s) as link:
            inbox = Inbox(link, self._stream, f"{self._stream}.{token(event)}")
            info = await link.jetstream.stream_info(self._stream)
        try:
            async with self._up().call(self._timeout_s):
                await inbox.open(seq_of(position, info))
            while True:
                async with self._up().call() as now:
                    if now is not link:
                        raise BrokerDown(f"{self._address} was lost meanwhile")
                    messages = await inbox.read()
                packets = [packet_of(event, message) for message in messages]
                yield packets, position_at(messages[-1].metadata.sequence.stream, info)
        finally:
            with suppress(TimeoutError):
                async with asyncio.timeout(_CLOSED_WITHIN_S):
                    await inbox.close()

    def _up(self) -> Upkeep[Link]:
        if self._upkeep is None:
            raise BrokerDown(f"{self._address} is not connected: it was never opened")
        return self._upkeep

    def _new_upkeep(self) -> Upkeep[Link]:
        try:
            from nats import errors
            from nats.js import errors as of_jetstream
        except ImportError:
            raise RuntimeError(
                f'EVENT_BUS_URL={self._address} needs nats-py: .venv/bin/pip install ".[nats]"'
            ) from None
        lost: tuple[type[Exception], ...] = (errors.ConnectionClosedError, OSError)
        # the stream or the bucket was deleted: whoever connects makes them
        lost += (errors.NoRespondersError, of_jetstream.NoStreamResponseError, of_jetstream.NotFoundError)
        return Upkeep(
            self._address,
            self._connect,
            links.disconnect,
            faults=(errors.Error, OSError),
            is_loss=lambda error: isinstance(error, lost),
        )

    async def _connect(self) -> Link:
        within_s = min(self._timeout_s, _CONNECTED_WITHIN_S)
        link = await links.connect(self._address, self._stream, within_s, self._up().lose)
        try:
            async with asyncio.timeout(within_s):
                await self._declare(link)
        except BaseException:
            await links.disconnect(link)
            raise
        return link

    async def _declare(self, link: Link) -> None:
        """Make what is not there: the stream, the bucket, and a place for each group, behind all that was sent."""
        from nats.js import api
        from nats.js.errors import NotFoundError

        js = link.jetstream
        try:
            info = await js.stream_info(self._stream)
        except NotFoundError:
            info = await js.add_stream(
                name=self._stream,
                subjects=[f"{self._stream}.>"],
                discard=api.DiscardPolicy.NEW,
                duplicate_window=_DEDUP_WINDOW_S,
                num_replicas=self._replicas,
                storage=api.StorageType.FILE,
                allow_atomic=True,
            )
        link.takes_batches = bool(info.config.allow_atomic)
        await link.places.open(self._replicas)
        for event, group in await link.places.missing(self._groups):
            await link.places.create(event, group, position_at(info.state.last_seq, info))

    async def _sweep(self) -> None:
        sweep = Sweep(self._stream)
        while True:
            await asyncio.sleep(random.uniform(0.5, 1) * _SWEEP_EVERY_S)
            try:
                async with self._up().call(_SWEPT_WITHIN_S) as link:
                    await sweep.run(link)
            except BrokerDown as error:
                log.debug("events: %s was not swept: %s", self._address, error)
            except Exception:
                log.exception("events: %s was not swept, which is tried again", self._address)
