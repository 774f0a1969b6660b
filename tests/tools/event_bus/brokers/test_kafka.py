"""What is Kafka's own: the places of groups, and its URL. It runs on a stand-in: see tests/kafka_cluster.py."""

import asyncio

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition  # type: ignore[import-untyped]

from tests.contracts.brokers.hands import Hands, by_key, numbered, packets, receiving
from tests.kafka_cluster import KafkaCluster
from tests.tools.event_bus.brokers.conftest import MakeBroker
from tools.event_bus.brokers.broker import BrokerDown


async def test_a_group_that_has_never_received_gets_what_was_sent_since_it_was_opened(
    kafka: KafkaCluster, make_broker: MakeBroker, event: str
) -> None:
    hands = Hands()
    sender, away, back = (make_broker("kafka", kafka.url) for _ in range(3))
    await sender.open({})
    await sender.send(packets(event, ["before"]))
    await away.open({event: ["g"]})
    await away.close()
    await sender.send(packets(event, "ab"))

    await back.open({event: ["g"]})
    async with receiving(back, event, "g", hands.take):
        await hands.count(2)
    assert hands.texts == ["a", "b"]


async def test_of_processes_that_open_a_new_group_at_once_each_gets_what_it_sends_afterwards(
    kafka: KafkaCluster, make_broker: MakeBroker, event: str
) -> None:
    hands = Hands()
    several = [make_broker("kafka", kafka.url) for _ in range(8)]
    await several[0].open({})
    await several[0].send(numbered(event, 40, keys=8))

    async def begin(n: int) -> None:
        await several[n].open({event: ["g"]})
        await several[n].send(packets(event, [f"after {n}"], key=str(n)))

    await asyncio.gather(*(begin(n) for n in range(8)))
    async with receiving(several[0], event, "g", hands.take):
        await hands.until(lambda: {f"after {n}" for n in range(8)} <= set(hands.texts))


async def test_what_does_not_fit_one_batch_is_sent_in_several_in_order(
    kafka: KafkaCluster, make_broker: MakeBroker, event: str
) -> None:
    hands = Hands()
    broker = make_broker("kafka", kafka.url)
    await broker.open({event: ["g"]})
    async with receiving(broker, event, "g", hands.take):
        await broker.send(packets(event, [f"{n}" * 200_000 for n in range(10)]))
        await hands.count(10)
    assert [text[0] for text in hands.texts] == [str(n) for n in range(10)]


async def test_partitions_that_go_to_another_process_keep_their_order(
    kafka: KafkaCluster, make_broker: MakeBroker, event: str
) -> None:
    hands = Hands()
    first, second = make_broker("kafka", kafka.url), make_broker("kafka", kafka.url)
    await first.open({event: ["g"]})
    await second.open({event: ["g"]})
    amount = 0
    async with receiving(first, event, "g", hands.take):
        for _ in range(3):  # the second one comes and goes, while the first one receives
            async with receiving(second, event, "g", hands.take):
                for _ in range(20):
                    await first.send(numbered(event, 10, start=amount, keys=5))
                    amount += 10
                    await asyncio.sleep(0.1)
        await hands.count(amount)
    assert by_key(hands.unique) == {str(key): list(range(key, amount, 5)) for key in range(5)}
    assert len(hands.texts) - amount <= 60, "what was taken while the stand-in takes no offsets, for each change"


async def test_what_was_sent_to_partitions_that_were_added_while_a_group_was_away_comes_to_it(
    kafka: KafkaCluster, make_broker: MakeBroker, event: str
) -> None:
    hands = Hands()
    sender, broker = make_broker("kafka", kafka.url), make_broker("kafka", kafka.url)
    await sender.open({})
    await sender.send(packets(event, ["before"]))
    servers, group = kafka.url.removeprefix("kafka://").partition("?")[0], f"events.{event}/g"
    async with AIOKafkaConsumer(bootstrap_servers=servers, group_id=group, enable_auto_commit=False) as of_before:
        had = [TopicPartition(f"events.{event}", partition) for partition in (0, 1)]  # of four, now
        of_before.assign(had)
        await of_before.commit(dict(await of_before.end_offsets(had)))

    await sender.send(numbered(event, 40, keys=20))
    await broker.open({event: ["g"]})
    async with receiving(broker, event, "g", hands.take):
        await hands.until(lambda: len({text for text in hands.texts if text != "before"}) == 40)


async def test_a_password_is_in_no_message(make_broker: MakeBroker, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    broker = make_broker("kafka", "kafka://ana:5ecret-word@127.0.0.1:1,127.0.0.1:2", 1.0)
    with pytest.raises(BrokerDown, match="127.0.0.1:1,127.0.0.1:2") as refused:
        await broker.open({})
    assert "5ecret-word" not in f"{refused.value}{refused.value.__cause__}{caplog.text}"


def test_a_url_without_a_host_is_refused(make_broker: MakeBroker) -> None:
    with pytest.raises(ValueError, match="has to be like kafka://"):
        make_broker("kafka", "kafka://")
