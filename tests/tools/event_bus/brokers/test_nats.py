"""What only NATS JetStream has: batches, message ids, a stream that is swept."""

import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import nats
import pytest
from nats.js import JetStreamContext

from tests.contracts.brokers.hands import Hands, by_key, numbered, packets, receiving, sent
from tests.nats_server import NatsServer, server
from tools.event_bus.brokers.broker import BrokerDown, Packet
from tools.event_bus.brokers.nats import NatsBroker

TIMEOUT_S = 5.0


@pytest.fixture
def own_server() -> Iterator[NatsServer]:
    with server() as made:
        yield made


@asynccontextmanager
async def opened(url: str, *groups: str, event: str = "e") -> AsyncIterator[NatsBroker]:
    broker = NatsBroker(url, TIMEOUT_S)
    try:
        await broker.open({event: groups} if groups else {})
        yield broker
    finally:
        await broker.close()


@asynccontextmanager
async def operator(url: str) -> AsyncIterator[JetStreamContext]:
    """Whoever looks after the server."""
    client = await nats.connect(url)
    try:
        yield client.jetstream()
    finally:
        await client.close()


async def stored(js: JetStreamContext) -> int:
    return (await js.stream_info("events")).state.messages


async def test_an_event_that_is_sent_again_is_stored_once(own_server: NatsServer) -> None:
    hands = Hands()
    async with opened(own_server.url, "g") as broker, receiving(broker, "e", "g", hands.take):
        await broker.send(packets("e", "a"))
        await broker.send(packets("e", "abc"))
        await broker.send(packets("e", "cd"))
        await hands.count(4)
    assert hands.texts == ["a", "b", "c", "d"]


async def test_batches_larger_than_jetstream_takes_keep_their_order(own_server: NatsServer) -> None:
    hands = Hands()
    async with opened(own_server.url, "g") as broker, receiving(broker, "e", "g", hands.take):
        await broker.send(numbered("e", 1_300, keys=2))
        await hands.count(1_300)
    assert by_key(hands.texts) == {"0": list(range(0, 1_300, 2)), "1": list(range(1, 1_300, 2))}


async def test_a_stream_that_was_made_by_hand_and_takes_no_batches_is_used_as_it_is(own_server: NatsServer) -> None:
    hands = Hands()
    async with operator(own_server.url) as js:
        await js.add_stream(name="events", subjects=["events.>"], max_bytes=10_000_000)
        async with opened(own_server.url, "g") as broker, receiving(broker, "e", "g", hands.take):
            await broker.send(numbered("e", 60, keys=3))
            await hands.count(60)
        assert (await js.stream_info("events")).config.max_bytes == 10_000_000
    assert by_key(hands.texts) == {str(key): list(range(key, 60, 3)) for key in range(3)}


@pytest.mark.parametrize("takes_batches", [True, False])
async def test_a_full_stream_refuses_and_none_overtakes_one_of_its_key(
    own_server: NatsServer, takes_batches: bool
) -> None:
    hands = Hands()
    async with operator(own_server.url) as js:
        await js.add_stream(
            name="events", subjects=["events.>"], max_bytes=20_000, discard="new", allow_atomic=takes_batches
        )
        async with opened(own_server.url, "g") as broker:
            batch = [
                Packet("e", f"{n}", "k", str(n).encode() + b" " * size) for n, size in enumerate((9_000, 15_000, 9))
            ]
            with pytest.raises(BrokerDown, match="maximum bytes"):
                await broker.send(batch)
            await broker.send(packets("e", "x", key="other"))
            await js.update_stream(
                name="events", subjects=["events.>"], max_bytes=200_000, discard="new", allow_atomic=takes_batches
            )
            await broker.send(batch)
            async with receiving(broker, "e", "g", hands.take):
                await hands.count(4)
    assert [text.strip() for text in hands.texts if text != "x"] == ["0", "1", "2"]


@pytest.mark.slow
async def test_what_all_groups_have_had_is_purged_and_nothing_else(own_server: NatsServer) -> None:
    fast, slow = Hands(), Hands()
    async with operator(own_server.url) as js, opened(own_server.url, "fast", "slow") as broker:
        await broker.send(packets("nobody's", ["x", "y"]))
        await broker.send(packets("e", "abc"))
        async with receiving(broker, "e", "fast", fast.take):
            await fast.count(3)
            async with asyncio.timeout(25):
                while await stored(js) > 3:
                    await asyncio.sleep(0.2)
            async with receiving(broker, "e", "slow", slow.take):
                await slow.count(3)
                async with asyncio.timeout(25):
                    while await stored(js) > 0:
                        await asyncio.sleep(0.2)
                await broker.send(packets("e", "de"))
                await asyncio.gather(fast.count(5), slow.count(5))
    assert fast.texts == slow.texts == ["a", "b", "c", "d", "e"]


async def test_a_stream_that_was_lost_is_made_anew_and_read_from_its_beginning(own_server: NatsServer) -> None:
    hands = Hands()
    async with operator(own_server.url) as js, opened(own_server.url, "g") as broker:
        async with receiving(broker, "e", "g", hands.take):
            await broker.send(packets("e", "abcdef"))
            await hands.count(6)
        await js.delete_stream("events")
        with pytest.raises(BrokerDown):
            await broker.send(packets("e", "g"))
        await sent(broker, packets("e", "ghijklmnop"))  # it counts further than the one before by now
        async with receiving(broker, "e", "g", hands.take):
            await hands.count(16)
    assert hands.texts == list("abcdefghijklmnop")


async def test_a_stream_that_is_deleted_under_sender_and_receiver_is_made_anew_by_them(own_server: NatsServer) -> None:
    hands = Hands()
    async with (
        operator(own_server.url) as js,
        opened(own_server.url, "g") as broker,
        receiving(broker, "e", "g", hands.take),
    ):
        await broker.send(packets("e", "ab"))
        await hands.count(2)
        await js.delete_stream("events")
        await sent(broker, packets("e", "cde"), within_s=10)
        await hands.count(5)
    assert hands.unique == list("abcde")


async def test_a_group_whose_place_was_deleted_is_a_new_one_and_has_what_is_sent_after_open(
    own_server: NatsServer,
) -> None:
    hands = Hands()
    async with operator(own_server.url) as js:
        async with opened(own_server.url, "g") as broker:
            await broker.send(packets("e", "a"))
        bucket = await js.key_value("events_places")
        (key,) = await bucket.keys()
        await bucket.delete(key)
        async with opened(own_server.url, "g") as broker:
            await broker.send(packets("e", "bc"))
            async with receiving(broker, "e", "g", hands.take):
                await hands.count(2)
    assert hands.texts == ["b", "c"]


async def test_a_consumer_that_is_deleted_is_made_anew(own_server: NatsServer) -> None:
    hands = Hands()
    async with (
        operator(own_server.url) as js,
        opened(own_server.url, "g") as broker,
        receiving(broker, "e", "g", hands.take),
    ):
        await broker.send(packets("e", "a"))
        await hands.count(1)
        for consumer in await js.consumers_info("events"):
            await js.delete_consumer("events", consumer.name)
        await broker.send(packets("e", "b"))
        await hands.count(2)
    assert hands.texts == ["a", "b"]


async def test_ended_receivers_leave_no_consumer(own_server: NatsServer) -> None:
    hands = Hands()
    async with operator(own_server.url) as js, opened(own_server.url, "g") as broker:
        for n in range(3):
            async with receiving(broker, "e", "g", hands.take):
                await broker.send(packets("e", [str(n)]))
                await hands.count(n + 1)
        async with asyncio.timeout(5):
            while await js.consumers_info("events"):
                await asyncio.sleep(0.05)


async def test_apps_with_prefixes_of_their_own_share_a_server(own_server: NatsServer) -> None:
    hands, other = Hands(), Hands()
    url = own_server.url
    async with (
        opened(f"{url}?prefix=one", "g") as one,
        opened(f"{url}?prefix=two&replicas=1", "g") as two,
        receiving(one, "e", "g", hands.take),
        receiving(two, "e", "g", other.take),
    ):
        await one.send(packets("e", "a"))
        await two.send(packets("e", "b"))
        await asyncio.gather(hands.count(1), other.count(1))
    assert (hands.texts, other.texts) == (["a"], ["b"])


async def test_passwords_are_used_and_never_shown(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with server('authorization { user: "ana", password: "s3cr3t/x" }') as made:
        address = made.url.removeprefix("nats://")
        async with opened(f"nats://ana:s3cr3t%2Fx@{address}", "g") as broker:
            await broker.send(packets("e", "a"))
            made.kill()
            with pytest.raises(BrokerDown) as away:
                await broker.send(packets("e", "b"))
            made.start()
            await sent(broker, packets("e", "b"))
        wrong = NatsBroker(f"nats://ana:wr0ng@{address}", 1)
        with pytest.raises(BrokerDown, match="Authorization Violation") as refused:
            await wrong.open({})
        await wrong.close()
    said = f"{away.value} {refused.value} {caplog.text}"
    assert address in said
    assert not [secret for secret in ("s3cr3t", "wr0ng") if secret in said]


async def test_a_missing_client_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nats", None)
    broker = NatsBroker("nats://ana:s3cr3t@nowhere", 1)
    with pytest.raises(RuntimeError) as failed:
        await broker.open({})
    assert str(failed.value) == 'EVENT_BUS_URL=nats://nowhere needs nats-py: .venv/bin/pip install ".[nats]"'
