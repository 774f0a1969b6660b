"""Connections that break or fall silent: calls end in time, attempts are few, nothing is lost, nothing is left."""

import asyncio
import os
import random
import sys
import time
from contextlib import suppress

import pytest

from tests.contracts.brokers.hands import Hands, by_key, numbered, packets, receiving, sent
from tests.proxy import Fault
from tests.tools.event_bus.brokers.conftest import Line, MakeBroker
from tools.event_bus.brokers.broker import BrokerDown

TIMEOUT_S = 1.0
BACK_WITHIN_S = 2.0


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["refuse", "blackhole", "slow", "reset", "half", "drop"])
async def test_calls_end_in_time_and_all_goes_on_when_a_fault_is_over(
    line: Line, make_broker: MakeBroker, event: str, fault: Fault
) -> None:
    hands = Hands()
    broker = make_broker(line.kind, line.url, TIMEOUT_S)
    await broker.open({event: ["g"]})
    async with receiving(broker, event, "g", hands.take):
        await broker.send(packets(event, "a"))
        await hands.count(1)
        await line.proxy.switch(fault)
        for call in (broker.send(packets(event, "b")), broker.check_health(), broker.send(packets(event, "b"))):
            began = time.monotonic()
            with suppress(BrokerDown):
                await call
            assert time.monotonic() - began < TIMEOUT_S + 0.5
        await line.proxy.switch("pass")
        began = time.monotonic()
        await sent(broker, packets(event, "b"))
        assert time.monotonic() - began < BACK_WITHIN_S
        await hands.count(2)
    assert hands.unique == ["a", "b"]


async def test_an_outage_costs_few_attempts_however_many_calls_there_are(
    line: Line, make_broker: MakeBroker, event: str
) -> None:
    broker = make_broker(line.kind, line.url, TIMEOUT_S)
    await broker.open({event: ["g"]})
    await line.proxy.switch("reset")
    with pytest.raises(BrokerDown):
        await broker.send(packets(event, "a"))
    before = line.proxy.connections
    for _ in range(600):
        with pytest.raises(BrokerDown):
            await broker.send(packets(event, "a"))
        await asyncio.sleep(0.005)
    assert line.proxy.connections - before <= 30


@pytest.mark.slow
@pytest.mark.timeout(150)
@pytest.mark.longest
async def test_fifty_cuts_leave_nothing_behind(line: Line, make_broker: MakeBroker, event: str) -> None:
    hands = Hands()
    broker = make_broker(line.kind, line.url)
    await broker.open({event: ["g"]})
    counts = []
    async with receiving(broker, event, "g", hands.take):
        for n in range(50):
            line.proxy.cut()
            await sent(broker, packets(event, [str(n)]))
            await hands.count(n + 1)
            await asyncio.sleep(0.1)
            counts.append((len(asyncio.all_tasks()), len(os.listdir("/proc/self/fd"))))
    assert hands.unique == [str(n) for n in range(50)]
    assert max(counts[25:]) <= max(counts[:10])


@pytest.mark.slow
@pytest.mark.timeout(120)
async def test_nothing_confirmed_is_lost_over_twenty_cuts_under_load(
    line: Line, make_broker: MakeBroker, event: str
) -> None:
    hands, confirmed, cuts, waits_s = Hands(), [0], 20, list[float]()
    sender, receiver = make_broker(line.kind, line.url), make_broker(line.kind, line.url)
    await sender.open({event: ["g"]})
    await receiver.open({event: ["g"]})
    is_over = asyncio.Event()

    async def send() -> None:
        while not is_over.is_set():
            await sent(sender, numbered(event, 20, start=confirmed[0], keys=4))
            confirmed[0] += 20
            await asyncio.sleep(0.01)

    async with receiving(receiver, event, "g", hands.take), asyncio.TaskGroup() as group:
        group.create_task(send())
        for _ in range(cuts):
            await asyncio.sleep(random.uniform(0.2, 0.6))
            line.proxy.cut()
            began, before = time.monotonic(), confirmed[0]
            while confirmed[0] == before:
                await asyncio.sleep(0.002)
            waits_s.append(time.monotonic() - began)
        is_over.set()
    async with receiving(receiver, event, "g", hands.take):
        await hands.count(confirmed[0])
    twice = len(hands.texts) - confirmed[0]
    print(f"{confirmed[0]} sent, {twice} came twice, waited up to {max(waits_s):.2f} s", file=sys.stderr)
    assert by_key(hands.unique) == {str(key): list(range(key, confirmed[0], 4)) for key in range(4)}
    assert max(waits_s) <= BACK_WITHIN_S
