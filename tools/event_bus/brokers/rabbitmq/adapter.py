"""The broker of `amqp://`: one connection to send, and one to receive, which RabbitMQ may slow down on their own."""

import asyncio
import logging
from collections.abc import Mapping, Sequence

try:
    import aiormq
except ImportError:
    raise RuntimeError('EVENT_BUS_URL=amqp:// needs aiormq: .venv/bin/pip install ".[rabbitmq]"') from None
from aiormq.channel import Channel
from yarl import URL

from tools.event_bus.brokers.address import Address
from tools.event_bus.brokers.broker import BrokerDown, Packet, Take
from tools.event_bus.brokers.rabbitmq.call import CallError, bounded, outcome
from tools.event_bus.brokers.rabbitmq.queue import Queues, routing_key
from tools.event_bus.brokers.rabbitmq.reception import Group, Reception
from tools.event_bus.brokers.rabbitmq.session import Prepare, Session
from tools.event_bus.brokers.upkeep import Upkeep, growing_waits
from tools.event_bus.contract import Gives

log = logging.getLogger(__name__)
logging.getLogger("aiormq").setLevel(logging.CRITICAL)  # it logs each attempt of an outage, with a traceback

_HEARTBEAT_S = 4
"""A process that froze is found out after two to three of them, and another one of its group goes on."""
_PORTS = {"amqp": 5672, "amqps": 5671}
_PERSISTENT = 2


class RabbitMqBroker:
    """Quorum queues; see the package."""

    gives = Gives(
        transport="rabbitmq",
        gifts=frozenset({"durable", "ordered"}),
        power_cut="nothing: most nodes of a quorum queue have it on their disk before it is confirmed",
    )

    def __init__(self, url: str, timeout_s: float) -> None:
        self._address, self._timeout_s = Address(url, {"prefix": "events"}), timeout_s
        self._url, self._queues = _parsed(self._address.url), Queues(self._address.options["prefix"])
        self._groups: dict[tuple[str, str], None] = {}
        self._outbound = self._upkeep(self._declare)
        self._inbound = self._upkeep(_prepare_nothing)

    async def open(self, groups: Mapping[str, Sequence[str]]) -> None:
        self._groups.update({(event, group): None for event, several in groups.items() for group in several})
        was_up = self._outbound.is_up
        await asyncio.gather(self._outbound.start(self._timeout_s), self._inbound.start(self._timeout_s))
        if was_up:
            async with self._outbound.call(self._timeout_s) as session:
                await bounded(self._declare(session.channel), self._timeout_s)

    async def send(self, packets: Sequence[Packet]) -> None:
        if not packets:
            return
        # where one fails the connection is given up: no later one may be stored, or the order would be lost
        async with self._outbound.call(self._timeout_s) as session:
            calls = [asyncio.create_task(self._publish(session.channel, packet)) for packet in packets]
            try:
                done, _ = await asyncio.wait(calls, return_when=asyncio.FIRST_EXCEPTION)
                for call in done:
                    outcome(call)
            finally:
                for call in calls:
                    call.cancel()

    async def receive(self, event: str, group: str, take: Take) -> None:
        waits, is_said = growing_waits(), False
        while True:
            await self._inbound.wait()
            try:
                async with self._inbound.call() as session:
                    pass  # it is used outside: that it is lost ends no `take`
                await Reception(Group(event, group, take), self._queues, self._timeout_s).run(session.connection)
            except BrokerDown:
                waits, is_said = growing_waits(), False
            except CallError as error:
                if not is_said and not session.is_over:  # of a lost connection it is told once for all
                    log.warning("events: %r of %r is received again: %s", group, event, error)
                    is_said = True
            await asyncio.sleep(next(waits))

    async def check_health(self) -> None:
        async with self._outbound.call(self._timeout_s) as session:
            await bounded(_ask(session), self._timeout_s)

    async def close(self) -> None:
        await asyncio.gather(self._outbound.close(), self._inbound.close())

    def _upkeep(self, prepare: Prepare) -> Upkeep[Session]:
        async def connect() -> Session:
            session = Session(self._url)
            await session.begin(prepare, self._timeout_s)
            session.when_lost(lambda reason: made.lose(session, reason))
            return session

        made = Upkeep(self._address, connect, _disconnect, faults=(CallError,), is_loss=lambda _: True)
        return made

    async def _declare(self, channel: Channel) -> None:
        await self._queues.declare(channel, self._groups)

    async def _publish(self, channel: Channel, packet: Packet) -> None:
        await channel.basic_publish(
            packet.data,
            exchange=self._queues.exchange,
            routing_key=routing_key(packet.event),
            properties=aiormq.spec.Basic.Properties(
                delivery_mode=_PERSISTENT, headers={"id": packet.event_id, "key": packet.key}
            ),
            mandatory=any(event == packet.event for event, _ in self._groups),  # fails where the queue was deleted
            wait=False,
        )


async def _ask(session: Session) -> None:
    channel = await session.connection.channel(publisher_confirms=False)
    await channel.close()


async def _disconnect(session: Session) -> None:
    await session.end()


async def _prepare_nothing(_: Channel) -> None:
    """Declare nothing: whoever receives declares what it receives from."""


def _parsed(url: str) -> URL:
    try:
        parsed = URL(url)
        port = _PORTS[parsed.scheme] if parsed.explicit_port is None else parsed.explicit_port
    except (ValueError, KeyError):
        parsed, port = URL(), 0
    if not parsed.host or parsed.scheme not in _PORTS:
        raise ValueError("the URL of RabbitMQ has to be like amqp://user:password@host:5672/vhost, or amqps://")
    return parsed.with_port(port).update_query({"heartbeat": parsed.query.get("heartbeat", str(_HEARTBEAT_S))})
