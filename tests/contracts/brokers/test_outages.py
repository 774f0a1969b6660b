"""A broker that is away or silent: calls end in time, nothing confirmed is lost, and all goes on by itself."""

import asyncio
import logging
import os
import random
import sys
import threading
import time

import pytest

from tests.contracts.brokers.conftest import MakeBroker
from tests.contracts.brokers.hands import WITHIN_S, Hands, by_key, numbered, packets, receiving, sent
from tests.contracts.brokers.servers import Kind, Server
from tools.event_bus.brokers.broker import Broker, BrokerDown, Packet

AT_ONCE_S = 0.1
BACK_WITHIN_S = 2.0
CLOSED_WITHIN_S = 2.2
TIMEOUT_S = 1.0


async def _healthy(broker: Broker) -> None:
    async with asyncio.timeout(WITHIN_S):
        while True:
            try:
                return await broker.check_health()
            except BrokerDown:
                await asyncio.sleep(0.02)


async def _lost(broker: Broker) -> None:
    """Wait until the adapter has noticed."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            try:
                await broker.check_health()
            except BrokerDown:
                return


async def _away(server: Server) -> None:
    await asyncio.to_thread(server.kill)


async def _back(server: Server) -> None:
    await asyncio.to_thread(server.start)


async def test_open_says_that_no_broker_is_there_and_may_be_called_again(
    make_broker: MakeBroker, own_server: Server, event: str
) -> None:
    broker = make_broker(own_server.url, TIMEOUT_S)
    await _away(own_server)
    began = time.monotonic()
    with pytest.raises(BrokerDown):
        await broker.open({event: ["g"]})
    assert time.monotonic() - began < TIMEOUT_S + 0.5
    await _back(own_server)
    await broker.open({event: ["g"]})
    await broker.send(packets(event, "a"))


async def test_calls_fail_at_once_while_the_broker_is_known_to_be_away(
    make_broker: MakeBroker, own_server: Server, event: str
) -> None:
    broker = make_broker(own_server.url, TIMEOUT_S)
    await broker.open({event: ["g"]})
    await _away(own_server)
    await _lost(broker)
    began = time.monotonic()
    for _ in range(200):
        with pytest.raises(BrokerDown):
            await broker.send(packets(event, "a"))
    assert time.monotonic() - began < AT_ONCE_S * 5


async def test_all_goes_on_by_itself_when_the_broker_is_back(
    kind: Kind, make_broker: MakeBroker, own_server: Server, event: str, caplog: pytest.LogCaptureFixture
) -> None:
    hands = Hands()
    broker = make_broker(own_server.url)
    await broker.open({event: ["g"]})
    async with receiving(broker, event, "g", hands.take):
        await broker.send(packets(event, "ab"))
        await hands.count(2)
        await _away(own_server)
        await _lost(broker)
        await asyncio.sleep(3)  # its growing wait has grown
        await _back(own_server)
        began = time.monotonic()
        await sent(broker, packets(event, "cd"))
        await hands.count(4)
        assert time.monotonic() - began < BACK_WITHIN_S + 0.5
    if kind.outlives_kill:
        assert hands.unique == ["a", "b", "c", "d"]
    said = [record for record in caplog.records if record.levelno >= logging.WARNING and "tools" in record.name]
    assert 1 <= len(said) <= 2, "logged once for each outage: by the connection, or by each who uses it"


async def test_calls_to_a_silent_broker_end_by_their_time_out(
    make_broker: MakeBroker, own_server: Server, event: str
) -> None:
    hands = Hands()
    broker = make_broker(own_server.url, TIMEOUT_S)
    await broker.open({event: ["g"]})
    async with receiving(broker, event, "g", hands.take):
        await broker.send(packets(event, "a"))
        await hands.count(1)
        own_server.pause()
        for call in (broker.send(packets(event, "b")), broker.check_health(), broker.open({f"{event}.x": ["g"]})):
            began = time.monotonic()
            with pytest.raises(BrokerDown):
                await call
            assert time.monotonic() - began < TIMEOUT_S + 0.5
        own_server.resume()
        await sent(broker, packets(event, "b"))
        await hands.count(2)
    assert hands.unique == ["a", "b"]


@pytest.mark.parametrize("trouble", ["none", "away", "silent", "silent and full"])
async def test_close_ends_in_time_whatever_the_broker_does(
    make_broker: MakeBroker, own_server: Server, event: str, trouble: str
) -> None:
    tasks, threads = asyncio.all_tasks(), _threads()
    hands = Hands()
    broker = make_broker(own_server.url)
    before = _open_files()
    await broker.open({event: ["g"]})
    async with receiving(broker, event, "g", hands.take):
        await broker.send(packets(event, "a"))
        await hands.count(1)
        if trouble == "away":
            await _away(own_server)
        if "silent" in trouble:
            own_server.pause()
            size_bytes = 270 * 1024 if "full" in trouble else 1
            with pytest.raises((BrokerDown, TimeoutError)):
                large = [Packet(event, f"{event}:{n}", "", b"b" * size_bytes) for n in range(40)]
                await asyncio.wait_for(broker.send(large), 0.3)
        began = time.monotonic()
        await broker.close()
        assert time.monotonic() - began < CLOSED_WITHIN_S
    await broker.close()
    await _equal(tasks, threads, before)


def _threads() -> int:
    """All but those that `_away` and `_back` wait in."""
    return sum(not thread.name.startswith("asyncio_") for thread in threading.enumerate())


def _open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


async def _equal(tasks: set["asyncio.Task[object]"], threads: int, files: int) -> None:
    """Nothing is left; a transport closes its socket in the loop's next round."""
    async with asyncio.timeout(2):
        while asyncio.all_tasks() - tasks or _threads() > threads or _open_files() > files:
            await asyncio.sleep(0.05)


async def test_large_batches_to_a_silent_broker_end_by_their_time_out(
    make_broker: MakeBroker, own_server: Server, event: str
) -> None:
    broker = make_broker(own_server.url, TIMEOUT_S)
    await broker.open({event: ["g"]})
    own_server.pause()
    began = time.monotonic()
    with pytest.raises(BrokerDown):
        await broker.send([Packet(event, f"{event}:{n}", "", b"x" * 270 * 1024) for n in range(60)])
    assert time.monotonic() - began < TIMEOUT_S + 0.5
    own_server.resume()
    await sent(broker, packets(event, "a"))


async def test_it_may_be_closed_before_it_is_opened(make_broker: MakeBroker, own_server: Server) -> None:
    await make_broker(own_server.url).close()


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.longest
async def test_reconnects_leave_nothing_behind(
    kind: Kind, make_broker: MakeBroker, own_server: Server, event: str
) -> None:
    hands = Hands()
    broker = make_broker(own_server.url)
    await broker.open({event: ["g"]})
    async with receiving(broker, event, "g", hands.take):
        counts = []
        for n in range(kind.restarts):
            await _away(own_server)
            await _back(own_server)
            await sent(broker, packets(event, [str(n)]))
            await hands.until(lambda n=n: str(n) in hands.texts)  # type: ignore[misc]  # a default of a lambda
            counts.append((len(asyncio.all_tasks()), _threads(), _open_files()))
    assert max(counts[kind.restarts // 2 :]) <= max(counts[: kind.restarts // 2])


@pytest.mark.slow
@pytest.mark.timeout(240)
@pytest.mark.longest
async def test_nothing_confirmed_is_lost_over_twenty_kills(
    kind: Kind, make_broker: MakeBroker, own_server: Server, event: str
) -> None:
    if not kind.outlives_kill:
        pytest.skip("this stand-in has forgotten everything after a kill: connections are cut instead, elsewhere")
    hands, confirmed, waits_s, kills = Hands(), [0], list[float](), 20
    sender, receiver = make_broker(own_server.url), make_broker(own_server.url)
    await sender.open({event: ["g"]})
    await receiver.open({event: ["g"]})
    is_over = asyncio.Event()

    async def send() -> None:
        while not is_over.is_set():
            await sent(sender, numbered(event, 20, start=confirmed[0], keys=4))
            confirmed[0] += 20

    async with receiving(receiver, event, "g", hands.take), asyncio.TaskGroup() as group:
        group.create_task(send())
        for _ in range(kills):
            await asyncio.sleep(random.uniform(0.05, 0.4))
            await _away(own_server)
            await _back(own_server)
            began, before = time.monotonic(), confirmed[0]
            while confirmed[0] == before:
                await asyncio.sleep(0.005)
            waits_s.append(time.monotonic() - began)
        is_over.set()
    async with receiving(receiver, event, "g", hands.take):
        await hands.count(confirmed[0])
    twice = len(hands.texts) - confirmed[0]
    print(f"{confirmed[0]} sent, {twice} came twice, waited up to {max(waits_s):.2f} s", file=sys.stderr)
    assert by_key(hands.unique) == {str(key): list(range(key, confirmed[0], 4)) for key in range(4)}
    assert twice <= kills * (20 + 256)
    assert max(waits_s) <= BACK_WITHIN_S
