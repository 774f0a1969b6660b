"""What is RabbitMQ's own: its queues, its redeliveries, a consumer that froze."""

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

import aiormq
import pytest

from tests.contracts.brokers.hands import Hands, packets, receiving, sent, until
from tests.proxy import proxy
from tests.rabbitmq_server import RabbitServer
from tests.tools.event_bus.brokers.conftest import MakeBroker
from tools.event_bus.brokers.broker import BrokerDown
from tools.event_bus.brokers.rabbitmq.queue import Queues

TAKEN_OVER_WITHIN_S = 15.0


async def _delete_queue(url: str, name: str) -> None:
    connection = await aiormq.connect(url)
    await (await connection.channel()).queue_delete(name)
    await connection.close()


@pytest.mark.slow
async def test_a_deleted_queue_is_declared_again_by_whoever_receives_from_it(
    rabbit: RabbitServer, make_broker: MakeBroker, event: str
) -> None:
    hands = Hands()
    broker = make_broker("rabbitmq", rabbit.url)
    await broker.open({event: ["g"]})
    async with receiving(broker, event, "g", hands.take):
        await broker.send(packets(event, "a"))
        await hands.count(1)
        await _delete_queue(rabbit.url, Queues("events").name(event, "g"))
        while len(hands.texts) < 2:
            await sent(broker, packets(event, "b"))  # at once, when RabbitMQ has not told the consumer yet
            await asyncio.sleep(0.02)
    assert hands.unique == ["a", "b"]


async def test_what_would_go_nowhere_is_not_confirmed(
    rabbit: RabbitServer, make_broker: MakeBroker, event: str
) -> None:
    hands = Hands()
    broker = make_broker("rabbitmq", rabbit.url)
    await broker.open({event: ["g"]})
    await _delete_queue(rabbit.url, Queues("events").name(event, "g"))

    with pytest.raises(BrokerDown):
        await broker.send(packets(event, "a"))

    await sent(broker, packets(event, "a"))
    async with receiving(broker, event, "g", hands.take):
        await hands.count(1)


@pytest.mark.slow
async def test_what_is_never_taken_is_delivered_again_without_a_limit(
    rabbit: RabbitServer, make_broker: MakeBroker, event: str
) -> None:
    hands = Hands()
    hands.failures = 10_000
    async with proxy(rabbit.address) as made:
        broker = make_broker("rabbitmq", rabbit.url_through(made.port))
        await broker.open({event: ["g"]})
        await broker.send(packets(event, "abc"))
        async with receiving(broker, event, "g", hands.take):
            for _ in range(30):
                refused = len(hands.refused)
                await until(lambda refused=refused: len(hands.refused) > refused)  # type: ignore[misc]
                made.cut()
            hands.failures = 0
            await hands.count(3)
    assert hands.texts == ["a", "b", "c"]


async def test_what_is_being_taken_when_the_line_is_cut_is_another_ones_and_let_go(
    rabbit: RabbitServer, make_broker: MakeBroker, event: str
) -> None:
    hands, cut_off = Hands(), Hands()
    cut_off.gate.clear()
    async with proxy(rabbit.address) as made:
        first = make_broker("rabbitmq", rabbit.url_through(made.port))
        second = make_broker("rabbitmq", rabbit.url)
        await first.open({event: ["g"]})
        await second.open({event: ["g"]})
        async with receiving(first, event, "g", cut_off.take):
            await second.send(packets(event, "abc"))
            await cut_off.began.wait()
            async with receiving(second, event, "g", hands.take):
                await made.switch("refuse")
                await hands.count(3)
                await until(lambda: not cut_off.busy, within_s=5)
    assert (cut_off.packets, hands.texts) == ([], ["a", "b", "c"])


async def test_a_refused_password_is_told_and_in_no_message(
    rabbit: RabbitServer, make_broker: MakeBroker, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    url = rabbit.url_through(rabbit.address[1]).replace("guest:guest@", "guest:5ecret-word@")
    broker = make_broker("rabbitmq", url, 2.0)
    with pytest.raises(BrokerDown, match="ACCESS_REFUSED") as refused:
        await broker.open({})
    assert "5ecret-word" not in f"{refused.value}{refused.value.__cause__}{caplog.text}"


@pytest.mark.parametrize("url", ["amqp://", "amqp://ana:5ecret-word@host:port/", "http://ana:5ecret-word@host"])
def test_a_url_that_cannot_be_read_is_refused_without_its_password(make_broker: MakeBroker, url: str) -> None:
    with pytest.raises(ValueError, match="has to be like amqp://") as refused:
        make_broker("rabbitmq", url)
    assert "5ecret-word" not in str(refused.value)


@pytest.mark.slow
async def test_another_takes_over_from_a_process_that_froze(
    rabbit: RabbitServer, make_broker: MakeBroker, event: str, tmp_path: Path
) -> None:
    hands, journal = Hands(), tmp_path / "journal"
    broker = make_broker("rabbitmq", rabbit.url)
    code = [sys.executable, "-m", "tests.contracts.brokers.worker", "rabbitmq", rabbit.url, event, "g", str(journal)]
    frozen = await asyncio.create_subprocess_exec(*code, stdout=asyncio.subprocess.PIPE)
    try:
        assert frozen.stdout is not None
        await frozen.stdout.readline()
        await broker.open({event: ["g"]})
        await broker.send(packets(event, "a"))
        await until(lambda: journal.exists() and "ended" in journal.read_text())
        os.kill(frozen.pid, signal.SIGSTOP)
        began = time.monotonic()
        async with receiving(broker, event, "g", hands.take):
            await broker.send(packets(event, "b"))
            await hands.until(lambda: "b" in hands.texts)
        print(f"taken over within {time.monotonic() - began:.1f} s", file=sys.stderr)
        assert time.monotonic() - began < TAKEN_OVER_WITHIN_S
    finally:
        frozen.kill()
        await frozen.communicate()
