"""aiokafka: how its clients are made, and how they end in time also when the broker says nothing."""

import asyncio
import logging
import ssl
from collections.abc import Mapping
from contextlib import suppress
from itertools import chain
from typing import Any
from urllib.parse import unquote, urlsplit

try:
    from aiokafka import (  # type: ignore[import-untyped]
        AIOKafkaConsumer,
        AIOKafkaProducer,
        ConsumerRebalanceListener,
        TopicPartition,
        errors,
    )
    from aiokafka.partitioner import murmur2  # type: ignore[import-untyped]
    from aiokafka.protocol.admin import CreateTopicsRequest  # type: ignore[import-untyped]
    from aiokafka.protocol.metadata import MetadataRequest  # type: ignore[import-untyped]
except ImportError:
    raise RuntimeError('EVENT_BUS_URL=kafka:// needs aiokafka: .venv/bin/pip install ".[kafka]"') from None

from tools.event_bus.brokers.address import Address

__all__ = ["ConsumerRebalanceListener", "CreateTopicsRequest", "MetadataRequest", "TopicPartition", "errors", "murmur2"]

logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # it logs each attempt of an outage

FAULTS = (errors.KafkaError, OSError, TimeoutError)
HAND_OVER_S = 10.0
"""What a process may go on to take when its partitions go to another one."""

_LARGEST_BATCH_BYTES = 512 * 1024
_LARGEST_REQUEST_BYTES = 1024 * 1024
_BATCH_OF_SENDER = 0.9  # of the time-out: the client gives a batch up before we give up the client
_HEARTBEAT_MS = 1_000
_RETRY_MS = 250
_DAY_MS = 24 * 3_600_000
_GOODBYE_S = 0.25
_CUT_S = 0.25

_PORT = "9092"


class Clients:
    """Makes them, all for one URL."""

    def __init__(self, address: Address, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._session_ms = int(float(address.options["session_s"]) * 1000)
        self._common = _common(address)

    def producer(self) -> Any:
        """One that stores a batch once, in order, with all replicas, or says that it did not."""
        return AIOKafkaProducer(
            **self._common,
            acks="all",
            enable_idempotence=True,
            max_batch_size=_LARGEST_BATCH_BYTES,
            max_request_size=_LARGEST_REQUEST_BYTES,
            request_timeout_ms=int(self._timeout_s * 1000 * _BATCH_OF_SENDER),
        )

    def consumer(self, group: str) -> Any:
        """A member of a group, which says itself what is taken."""
        return AIOKafkaConsumer(
            **self._common,
            group_id=group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",  # where the place is known no more: rather twice than never
            session_timeout_ms=self._session_ms,
            heartbeat_interval_ms=_HEARTBEAT_MS,
            retry_backoff_ms=_RETRY_MS,
            rebalance_timeout_ms=int(HAND_OVER_S * 1500),
            request_timeout_ms=int(HAND_OVER_S * 2000),  # to join a group lasts as long as others hand over
            max_poll_interval_ms=_DAY_MS,  # the bus has time-outs for those who handle events
            metadata_max_age_ms=30_000,
        )


async def begin(client: Any) -> None:
    """Start a producer or a consumer; cancelled, a second later at most: the client leaves a socket behind else."""
    starting = asyncio.create_task(client.start())
    try:
        await asyncio.shield(starting)
    except asyncio.CancelledError:
        await asyncio.wait({starting}, timeout=_GOODBYE_S)
        starting.cancel()
        await asyncio.wait({starting}, timeout=_CUT_S)
        if starting.done() and not starting.cancelled():
            starting.exception()
        raise


async def end_producer(producer: Any) -> None:
    """Disconnect within a second, and leave no task behind."""
    stopping = asyncio.create_task(producer.stop())
    await asyncio.wait({stopping}, timeout=_GOODBYE_S)
    if not stopping.done():
        _cut(producer.client)
        if (sending := producer._sender.sender_task) is not None:
            sending.cancel()
        await asyncio.wait({stopping}, timeout=_CUT_S)
    accumulated = producer._message_accumulator
    # or `stop` waits for them; each takes itself out of those that are pending, also one that was put back
    accumulated._pending_batches.update(chain.from_iterable(accumulated._batches.values()))
    for batch in list(accumulated._pending_batches):
        batch.future.cancel()
    await _ended(stopping, producer.client)


async def end_consumer(consumer: Any) -> None:
    """Leave the group, so that others go on at once, and disconnect within a second."""
    stopping = asyncio.create_task(consumer.stop())
    await asyncio.wait({stopping}, timeout=_GOODBYE_S)
    if not stopping.done():
        _cut(consumer._client)
        await asyncio.wait({stopping}, timeout=_CUT_S)
    await _ended(stopping, consumer._client)


async def _ended(stopping: "asyncio.Task[None]", client: Any) -> None:
    stopping.cancel()
    await asyncio.wait({stopping}, timeout=_CUT_S)
    if stopping.done() and not stopping.cancelled():
        stopping.exception()  # of what was cut off
    client._get_conn = _no_connection  # what is being connected now would stay so
    with suppress(TimeoutError):
        async with asyncio.timeout(_CUT_S), client._get_conn_lock:
            pass
    with suppress(*FAULTS):
        await client.close()
    if client._md_update_fut is not None and not client._md_update_fut.done():
        client._md_update_fut.set_result(False)  # a batch that was refused waits for it, and nobody is left to bring it


def _cut(client: Any) -> None:
    """Fail what waits for an answer, and whatever is asked from now on; the client itself would wait and try again."""
    client._get_conn = _no_connection
    for connection in client._conns.values():
        connection.close()


async def _no_connection(*_: object, **__: object) -> None:
    return None


def _common(address: Address) -> dict[str, Any]:
    """Read a URL: `kafka://user:password@host:port,host:port?sasl=SCRAM-SHA-512&tls=yes&cafile=...`."""
    user, _, servers = urlsplit(address.url).netloc.rpartition("@")
    if not servers:
        raise ValueError("the URL of Kafka has to be like kafka://host:port,host:port")
    hosts = [server if ":" in server else f"{server}:{_PORT}" for server in servers.split(",")]
    return {"bootstrap_servers": hosts, "client_id": "event_bus", **_security(user, address.options)}


def _security(user: str, options: Mapping[str, str]) -> dict[str, Any]:
    has_tls = options["tls"] == "yes"
    if not user:
        made: dict[str, Any] = {"security_protocol": "SSL" if has_tls else "PLAINTEXT"}
    else:
        name, _, password = user.partition(":")
        made = {
            "security_protocol": "SASL_SSL" if has_tls else "SASL_PLAINTEXT",
            "sasl_mechanism": options["sasl"],
            "sasl_plain_username": unquote(name),
            "sasl_plain_password": unquote(password),
        }
    if has_tls:
        made["ssl_context"] = ssl.create_default_context(cafile=options["cafile"] or None)
    return made
