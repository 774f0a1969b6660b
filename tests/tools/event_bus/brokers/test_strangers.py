"""What other programs put where our events travel: it is found out, and holds nothing up."""

import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import nats
import pytest
from aiokafka import AIOKafkaProducer  # type: ignore[import-untyped]
from redis.asyncio import Redis

from tests.contracts.brokers.servers import KINDS
from tests.contracts.event_bus.plugins import Listener, Work, subscribe, until
from tests.contracts.event_bus.works import Home
from tests.tools.event_bus.brokers.lines import stored, unstored
from tests.tools.event_bus.brokers.traffic import within
from tools.event_bus.brokers.broker import Broker, Packet
from tools.event_bus.brokers.nats.names import token

pytestmark = pytest.mark.slow
EVENT = "said"
ANY = b"\xff no event"


async def put_in_redis(url: str, prefix: str) -> None:
    async with Redis.from_url(url) as redis:
        await redis.xadd(f"{prefix}:stream:{EVENT}", {"what": ANY})


async def put_in_nats(url: str, prefix: str) -> None:
    client = await nats.connect(url)
    await client.jetstream().publish(f"{prefix}.{token(EVENT)}", ANY)
    await client.close()


async def put_in_kafka(url: str, prefix: str) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=url.removeprefix("kafka://"))
    await producer.start()
    for partition in await producer.partitions_for(f"{prefix}.{EVENT}"):
        await producer.send_and_wait(f"{prefix}.{EVENT}", ANY, key=b"\xfe", partition=partition)
    await producer.stop()


PUT: dict[str, Callable[[str, str], Awaitable[None]]] = {
    "redis": put_in_redis, "nats": put_in_nats, "kafka": put_in_kafka
}  # fmt: skip


async def ready(home: Home, listener: Listener) -> Work:
    bus = await home.boot()
    subscribe(bus, EVENT, listener.handle, group="g")
    await bus.on_ready()
    return bus


async def put(kind: str, url: str) -> None:
    await PUT[kind](url.partition("?")[0], url.partition("prefix=")[2])


@pytest.mark.parametrize("server", list(PUT), indirect=True)
async def test_with_a_log_it_is_a_dead_letter_that_says_why(server: tuple[str, Any], url: str, tmp_path: Path) -> None:
    listener = Listener()
    async with stored(server[0], url, f"sqlite:///{tmp_path}/app.db") as home:
        bus = await ready(home, listener)
        await put(server[0], url)
        await bus.publish(EVENT, 1)
        await within(10, lambda: listener.seen == [1])
        await until(bus.dead_letters)
        (letter,) = await bus.dead_letters()

    assert (letter.event, letter.group, letter.state) == (EVENT, "g", "dead")
    assert letter.error.startswith("no event of this bus: JSON is malformed")


@pytest.mark.parametrize("server", list(PUT), indirect=True)
async def test_without_a_log_it_is_left_out(server: tuple[str, Any], url: str) -> None:
    listener = Listener()
    async with unstored(url) as home:
        bus = await ready(home, listener)
        await put(server[0], url)
        await bus.publish(EVENT, 1)
        await within(10, lambda: listener.seen == [1])


@pytest.fixture
async def sender(server: tuple[str, Any], url: str) -> AsyncIterator[Broker]:
    """Somebody who knows how packets travel."""
    made = KINDS[server[0]].broker(url, 5)
    await made.open({})
    yield made
    await made.close()


def wire(**different: Any) -> bytes:
    fields = {"event_id": "strange", "event": EVENT, "published_at": time.time(), "body": "BODY", **different}
    return json.dumps(fields).encode()


STRANGE = {
    "of another event": wire(event="other"),
    "in milliseconds": wire(published_at=time.time() * 1000),
    "with a NUL in its key": wire(key="a\0b"),
    "with a NUL in its id": wire(event_id="\0"),
    "with a body in latin-1": wire().replace(b"BODY", b"\xfc"),
    "due in a million years": wire(delay_s=4e13),
}


@pytest.fixture(params=["sqlite", "postgres"])
def db_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    is_sqlite = request.param == "sqlite"
    return f"sqlite:///{tmp_path}/app.db" if is_sqlite else str(request.getfixturevalue("postgres_url"))


@pytest.mark.parametrize("server", ["redis"], indirect=True)
async def test_what_looks_like_an_event_and_is_none_is_a_dead_letter(sender: Broker, url: str, db_url: str) -> None:
    listener = Listener()
    async with stored("redis", url, db_url) as home:
        bus = await ready(home, listener)
        await sender.send([Packet(EVENT, "", "", data) for data in STRANGE.values()])
        await bus.publish(EVENT, 1)
        await within(10, lambda: listener.seen == [1])
        letters = await bus.dead_letters()

    assert [letter.error.partition(":")[0] for letter in letters] == ["no event of this bus"] * len(STRANGE)
