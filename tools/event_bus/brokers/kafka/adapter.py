"""The broker of `kafka://`: one producer that is kept up, and a consumer for each group that is received for."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any, NamedTuple

from tools.event_bus.brokers.address import Address
from tools.event_bus.brokers.broker import Packet, Take
from tools.event_bus.brokers.kafka.client import (
    FAULTS,
    Clients,
    MetadataRequest,
    begin,
    end_consumer,
    end_producer,
)
from tools.event_bus.brokers.kafka.names import group_id, partition_of, topic_name
from tools.event_bus.brokers.kafka.place import settle
from tools.event_bus.brokers.kafka.reception import Reception
from tools.event_bus.brokers.kafka.topics import Topics
from tools.event_bus.brokers.upkeep import Upkeep, growing_waits
from tools.event_bus.contract import Gives

log = logging.getLogger(__name__)

_OPTIONS = {"cafile": "", "partitions": "8", "prefix": "events", "sasl": "PLAIN", "session_s": "8", "tls": "no"}
_SETTLED_AT_ONCE = 8


class _Connection(NamedTuple):
    producer: Any
    topics: Topics


class KafkaBroker:
    """Topics and consumer groups; see the package."""

    gives = Gives(
        transport="kafka",
        gifts=frozenset({"durable", "ordered"}),
        power_cut="nothing while one of the replicas keeps its power: Kafka writes to the disk later than it confirms",
    )

    def __init__(self, url: str, timeout_s: float) -> None:
        self._address = Address(url, _OPTIONS)
        self._prefix = self._address.options["prefix"]
        self._timeout_s = timeout_s
        self._clients = Clients(self._address, timeout_s)
        self._receiving: set[asyncio.Task[None]] = set()
        self._upkeep = Upkeep(self._address, self._connect, _disconnect, faults=FAULTS, is_loss=lambda _: True)

    async def open(self, groups: Mapping[str, Sequence[str]]) -> None:
        began = asyncio.get_running_loop().time()
        await self._upkeep.start(self._timeout_s)
        left_s = self._timeout_s - (asyncio.get_running_loop().time() - began)
        async with self._upkeep.call(left_s) as (_, topics):
            await topics.ensure(topic_name(self._prefix, event) for event in groups)
            limit = asyncio.Semaphore(_SETTLED_AT_ONCE)
            pairs = [(event, group) for event, several in groups.items() for group in several]
            await _all([self._settle(topics, event, group, limit) for event, group in pairs])

    async def send(self, packets: Sequence[Packet]) -> None:
        if not packets:
            return
        async with self._upkeep.call(self._timeout_s) as (producer, topics):
            names = {packet.event: topic_name(self._prefix, packet.event) for packet in packets}
            await topics.ensure(names.values())
            lanes = defaultdict[tuple[str, int], list[Packet]](list)
            for packet in packets:
                topic = names[packet.event]
                lanes[topic, partition_of(packet.key, await topics.partitions(topic))].append(packet)
            await _all([_store(producer, *lane, several) for lane, several in lanes.items()])

    async def receive(self, event: str, group: str, take: Take) -> None:
        task = asyncio.create_task(self._receive(event, group, take))
        self._receiving.add(task)
        try:
            await asyncio.wait({task})
            await asyncio.Event().wait()  # it was closed: now nothing comes any more
        finally:
            self._receiving.discard(task)
            task.cancel()
            await asyncio.wait({task})

    async def check_health(self) -> None:
        async with self._upkeep.call(self._timeout_s) as (producer, _):
            await producer.client.send(producer.client.get_random_node(), MetadataRequest([]))

    async def close(self) -> None:
        receiving = list(self._receiving)
        for task in receiving:
            task.cancel()
        await asyncio.gather(self._upkeep.close(), *receiving, return_exceptions=True)

    async def _connect(self) -> _Connection:
        producer = self._clients.producer()
        try:
            async with asyncio.timeout(self._timeout_s):
                await begin(producer)
        except BaseException:
            await end_producer(producer)
            raise
        return _Connection(producer, Topics(producer, int(self._address.options["partitions"])))

    async def _settle(self, topics: Topics, event: str, group: str, limit: asyncio.Semaphore) -> None:
        topic = topic_name(self._prefix, event)
        async with limit:
            await settle(self._clients, group_id(self._prefix, event, group), topic, await topics.partitions(topic))

    async def _receive(self, event: str, group: str, take: Take) -> None:
        waits, is_said = growing_waits(), False
        while True:
            await self._upkeep.wait()
            consumer = self._clients.consumer(group_id(self._prefix, event, group))
            try:
                await begin(consumer)
                waits, is_said = growing_waits(), False
                await Reception(event, group, take).run(consumer, topic_name(self._prefix, event))
            except Exception as error:
                if not is_said:
                    reason = self._address.without_password(f"{type(error).__name__}: {error}")
                    log.warning("events: receiving %r for %r is tried again: %s", event, group, reason)
                is_said = True
            finally:
                await end_consumer(consumer)
            await asyncio.sleep(next(waits))


async def _store(producer: Any, topic: str, partition: int, packets: Sequence[Packet]) -> None:
    """Store packets of one partition; a batch is confirmed before the next one is sent, or the order could be lost.

    A batch is shielded, as the client does not expect that one is cancelled: it ends with its producer.
    """
    batch = producer.create_batch()
    for packet in packets:
        record = {
            "timestamp": None,
            "key": packet.key.encode(),
            "value": packet.data,
            "headers": [("id", packet.event_id.encode())],
        }
        if batch.append(**record) is None:
            await asyncio.shield(await producer.send_batch(batch, topic, partition=partition))
            batch = producer.create_batch()
            batch.append(**record)
    await asyncio.shield(await producer.send_batch(batch, topic, partition=partition))


async def _disconnect(connection: _Connection) -> None:
    await end_producer(connection.producer)


async def _all(calls: Sequence[Coroutine[Any, Any, None]]) -> None:
    """Await all of them; where one fails, none goes on."""
    tasks = [asyncio.create_task(call) for call in calls]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
