"""What only Redis Streams have: streams that are trimmed, scripts, connections for each reader."""

import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from redis.asyncio import Redis
from redis.exceptions import OutOfMemoryError

from tests.contracts.brokers.hands import Hands, numbered, packets, receiving, sent
from tests.redis_server import RedisServer, server
from tools.event_bus.brokers.broker import BrokerDown
from tools.event_bus.brokers.redis import RedisBroker

TIMEOUT_S = 5.0


@pytest.fixture
def own_server() -> Iterator[RedisServer]:
    with server(is_durable=True) as made:
        yield made


@asynccontextmanager
async def opened(url: str, *groups: str) -> AsyncIterator[RedisBroker]:
    broker = RedisBroker(url, TIMEOUT_S)
    try:
        await broker.open({"e": groups})
        yield broker
    finally:
        await broker.close()


@asynccontextmanager
async def operator(url: str) -> AsyncIterator[Redis]:
    """Whoever looks after the server."""
    async with Redis.from_url(url) as client:
        yield client


async def test_what_all_groups_have_had_is_trimmed_and_nothing_else(own_server: RedisServer) -> None:
    fast, slow, amount = Hands(), Hands(), 2_000
    async with operator(own_server.url) as redis, opened(own_server.url, "fast", "slow") as broker:
        async with receiving(broker, "e", "fast", fast.take):
            for start in range(0, amount, 200):
                await broker.send(numbered("e", 200, start=start))
            await fast.count(amount)
            assert await redis.xlen("events:stream:e") == amount
            async with receiving(broker, "e", "slow", slow.take):
                await slow.count(amount)
        assert await redis.xlen("events:stream:e") < 300, "Redis trims whole nodes, of about 100"
    assert fast.texts == slow.texts


async def test_what_no_group_is_there_for_is_not_stored(own_server: RedisServer) -> None:
    async with operator(own_server.url) as redis, opened(own_server.url, "g") as broker:
        await broker.send(packets("nobody's", "abc"))
        assert await redis.exists("events:stream:nobody's") == 0


async def test_a_group_that_is_forgotten_by_hand_holds_nothing_up(own_server: RedisServer) -> None:
    hands, amount = Hands(), 1_000
    async with operator(own_server.url) as redis, opened(own_server.url, "g", "gone") as broker:
        async with receiving(broker, "e", "g", hands.take):
            await broker.send(numbered("e", amount))
            await hands.count(amount)
            await redis.hdel("events:places:e", "gone")
            await broker.send(packets("e", ["0:last"]))
            await hands.count(amount + 1)
        assert await redis.xlen("events:stream:e") < 300


async def test_a_holder_whose_place_was_taken_stops_and_has_moved_nothing(own_server: RedisServer) -> None:
    hands = Hands()
    async with (
        operator(own_server.url) as redis,
        opened(own_server.url, "g") as broker,
        receiving(broker, "e", "g", hands.take),
    ):
        await broker.send(packets("e", "a"))
        await hands.count(1)
        hands.gate.clear()
        hands.began.clear()
        await broker.send(packets("e", "b"))
        await hands.began.wait()
        place = await redis.hget("events:places:e", "g")
        assert isinstance(place, bytes)
        version, _, position = place.decode().split(" ")
        stolen = f"{int(version) + 7} other {position}"
        await redis.hset("events:places:e", "g", stolen)
        async with asyncio.timeout(10):
            while hands.busy:
                await asyncio.sleep(0.05)
        hands.gate.set()
        assert hands.texts == ["a"]
        assert (await redis.hget("events:places:e", "g")).decode() == stolen  # type: ignore[union-attr]


async def test_memory_that_is_full_refuses_a_batch_as_a_whole(own_server: RedisServer) -> None:
    hands = Hands()
    async with operator(own_server.url) as redis, opened(own_server.url, "g") as broker:
        await redis.config_set("maxmemory", "1")
        with pytest.raises(BrokerDown, match="maxmemory"):
            await broker.send(packets("e", "abc"))
        await redis.config_set("maxmemory", "0")
        await broker.check_health()
        async with receiving(broker, "e", "g", hands.take):
            await broker.send(packets("e", "abc"))
            await hands.count(3)
    assert hands.texts == ["a", "b", "c"]


async def test_memory_that_others_have_filled_is_freed_by_those_who_receive(own_server: RedisServer) -> None:
    hands = Hands()
    async with operator(own_server.url) as redis, opened(own_server.url, "g") as broker:
        await broker.send(numbered("e", 2_000))
        await redis.config_set("maxmemory", "1")
        with pytest.raises(OutOfMemoryError):
            await redis.set("of another program", "x")
        async with receiving(broker, "e", "g", hands.take):
            await hands.count(2_000, within_s=10)
        assert await redis.xlen("events:stream:e") < 300
    assert hands.texts == [f"0:{n}" for n in range(2_000)]


async def test_apps_with_prefixes_of_their_own_share_a_server(own_server: RedisServer) -> None:
    hands, other = Hands(), Hands()
    url = own_server.url
    async with (
        opened(f"{url}?prefix=one", "g") as one,
        opened(f"{url}?prefix=two&db=0", "g") as two,
        receiving(one, "e", "g", hands.take),
        receiving(two, "e", "g", other.take),
    ):
        await one.send(packets("e", "a"))
        await two.send(packets("e", "b"))
        await asyncio.gather(hands.count(1), other.count(1))
    assert (hands.texts, other.texts) == (["a"], ["b"])


@pytest.mark.parametrize("option", ["socket_timeout=1", "decode_responses=true", "protocol=3", "max_connections=1"])
async def test_options_of_the_client_that_would_break_receiving_are_left_out(
    own_server: RedisServer, option: str, caplog: pytest.LogCaptureFixture
) -> None:
    hands, other = Hands(), Hands()
    async with (
        opened(f"{own_server.url}?{option}", "g", "h") as broker,
        receiving(broker, "e", "g", hands.take),
        receiving(broker, "e", "h", other.take),
    ):
        await broker.send(packets("e", "a"))
        await asyncio.gather(hands.count(1), other.count(1))
        await asyncio.sleep(1.5)  # longer than a read would take that the option ends
        await broker.send(packets("e", "b"))
        await asyncio.gather(hands.count(2), other.count(2))
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_many_senders_share_a_few_connections(own_server: RedisServer) -> None:
    async with operator(own_server.url) as redis, opened(own_server.url, "g") as broker:
        await asyncio.gather(*(broker.send(packets("e", [str(n)], key=str(n))) for n in range(500)))
        assert await redis.xlen("events:stream:e") == 500
        assert len(await redis.client_list()) <= 10


async def test_passwords_are_used_and_never_shown(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with server("--requirepass", "s3cr3t/x", is_durable=True) as made:
        path = made.url.removeprefix("unix://")
        async with opened(f"unix://:s3cr3t%2Fx@{path}", "g") as broker:
            await broker.send(packets("e", "a"))
            made.kill()
            with pytest.raises(BrokerDown) as away:
                await broker.send(packets("e", "b"))
            made.start()
            await sent(broker, packets("e", "b"))
        wrong = RedisBroker(f"unix://:wr0ng@{path}", 1)
        with pytest.raises(BrokerDown, match="invalid username-password") as refused:
            await wrong.open({})
        await wrong.close()
    said = f"{away.value} {refused.value} {caplog.text}"
    assert path in said
    assert not [secret for secret in ("s3cr3t", "wr0ng") if secret in said]


async def test_a_missing_client_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "redis", None)
    broker = RedisBroker("redis://:s3cr3t@nowhere/0", 1)
    with pytest.raises(RuntimeError) as failed:
        await broker.open({})
    assert str(failed.value) == 'EVENT_BUS_URL=redis://nowhere/0 needs redis-py: .venv/bin/pip install ".[redis]"'
