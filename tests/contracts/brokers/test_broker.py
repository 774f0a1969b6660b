"""What a broker's adapter carries: everything, in order, to each group, and again where it was not taken."""

import asyncio

import pytest

from tests.contracts.brokers.conftest import MakeBroker
from tests.contracts.brokers.hands import Hands, by_key, numbered, packets, receiving
from tests.contracts.brokers.servers import Server
from tools.event_bus.brokers.broker import Broker, BrokerDown, Packet
from tools.event_bus.contract import Gives

ODD_NAMES = ["a.b-c_d", "*", ">", "a b", "a/b", "a:b", "A.B", "a.b.", "..", "å.ü", "%2E", "$JS.x", "{a}", "n" * 200]


async def test_a_packet_comes_as_it_was_sent(broker: Broker, event: str) -> None:
    sent = Packet(event, f"id {event}", "key å", bytes(range(256)) + b"\r\n\0")
    hands = Hands()
    await broker.open({event: ["g"]})
    async with receiving(broker, event, "g", hands.take):
        await broker.send([sent])
        await hands.until(lambda: len(hands.packets) == 1)
    assert hands.packets == [sent]


@pytest.mark.parametrize("size_bytes", [0, 270 * 1024])
async def test_small_and_large_packets_are_carried(broker: Broker, event: str, size_bytes: int) -> None:
    sent = [Packet(event, f"{event}-{n}", "", b"\xff" * size_bytes) for n in range(3)]
    hands = Hands()
    await broker.open({event: ["g"]})
    async with receiving(broker, event, "g", hands.take):
        await broker.send(sent)
        await hands.until(lambda: len(hands.packets) == 3)
    assert hands.packets == sent


async def test_order_is_kept_over_many_sends(broker: Broker, event: str) -> None:
    hands = Hands()
    await broker.open({event: ["g"]})
    async with receiving(broker, event, "g", hands.take):
        for start in range(0, 600, 60):
            await broker.send(numbered(event, 60, start=start, keys=3))
        await hands.count(600)
    assert by_key(hands.texts) == {str(key): list(range(key, 600, 3)) for key in range(3)}


async def test_nothing_is_sent_by_an_empty_batch(broker: Broker, event: str) -> None:
    await broker.open({event: ["g"]})
    await broker.send([])


async def test_each_group_gets_each_packet(broker: Broker, event: str) -> None:
    first, second = Hands(), Hands()
    await broker.open({event: ["one", "two"]})
    async with receiving(broker, event, "one", first.take), receiving(broker, event, "two", second.take):
        await broker.send(packets(event, "abc"))
        await asyncio.gather(first.count(3), second.count(3))
    assert first.texts == second.texts == ["a", "b", "c"]


async def test_a_batch_of_several_events_comes_to_each(broker: Broker, event: str) -> None:
    other = f"{event}.other"
    first, second = Hands(), Hands()
    await broker.open({event: ["g"], other: ["g"]})
    async with receiving(broker, event, "g", first.take), receiving(broker, other, "g", second.take):
        await broker.send([*packets(event, "a"), *packets(other, "x"), *packets(event, "b"), *packets(other, "y")])
        await asyncio.gather(first.count(2), second.count(2))
    assert (first.texts, second.texts) == (["a", "b"], ["x", "y"])


async def test_an_event_that_nobody_receives_is_taken(broker: Broker, event: str) -> None:
    await broker.open({})
    await broker.send(packets(event, "ab"))


async def test_a_new_group_begins_with_what_is_sent_after_open(broker: Broker, event: str) -> None:
    hands, late = Hands(), Hands()
    await broker.open({event: ["early"]})
    await broker.send(packets(event, "ab"))
    await broker.open({event: ["late"]})
    await broker.send(packets(event, "cd"))
    async with receiving(broker, event, "early", hands.take), receiving(broker, event, "late", late.take):
        await asyncio.gather(hands.count(4), late.count(2))
    assert (hands.texts, late.texts) == (["a", "b", "c", "d"], ["c", "d"])


async def test_what_is_sent_between_open_and_receive_comes(broker: Broker, event: str) -> None:
    hands = Hands()
    await broker.open({event: ["g"]})
    await broker.send(packets(event, "abc"))
    async with receiving(broker, event, "g", hands.take):
        await hands.count(3)
    assert hands.texts == ["a", "b", "c"]


async def test_a_known_group_goes_on_where_it_was(make_broker: MakeBroker, server: Server, event: str) -> None:
    hands = Hands()
    away, sender = make_broker(server.url), make_broker(server.url)
    await away.open({event: ["g"]})
    await sender.open({})
    async with receiving(away, event, "g", hands.take):
        await sender.send(packets(event, "ab"))
        await hands.count(2)
    await away.close()
    await sender.send(packets(event, "cd"))
    back = make_broker(server.url)
    await back.open({event: ["g"]})
    async with receiving(back, event, "g", hands.take):
        await sender.send(packets(event, "e"))
        await hands.count(5)
    assert hands.texts == ["a", "b", "c", "d", "e"]


async def test_what_was_not_taken_comes_again_before_what_is_later(broker: Broker, event: str) -> None:
    hands = Hands()
    hands.failures = 3
    await broker.open({event: ["g"]})
    async with receiving(broker, event, "g", hands.take):
        await broker.send(packets(event, "ab"))
        await hands.until(lambda: hands.failures == 0 and len(hands.packets) >= 1)
        await broker.send(packets(event, "cd"))
        await hands.count(4)
    assert hands.texts == ["a", "b", "c", "d"]
    assert hands.refused[0].data == b"a"


async def test_what_was_being_taken_when_a_receiver_was_cancelled_comes_again(broker: Broker, event: str) -> None:
    hands = Hands()
    hands.gate.clear()
    await broker.open({event: ["g"]})
    await broker.send(packets(event, "abc"))
    async with receiving(broker, event, "g", hands.take):
        await hands.began.wait()
    hands.gate.set()
    assert hands.packets == []
    async with receiving(broker, event, "g", hands.take):
        await hands.count(3)
    assert hands.texts == ["a", "b", "c"]


async def test_packets_are_taken_by_one_call_at_a_time(broker: Broker, event: str) -> None:
    hands = Hands()
    await broker.open({event: ["g"]})
    async with receiving(broker, event, "g", hands.take):
        await asyncio.gather(*(broker.send(packets(event, [str(n)], key=str(n))) for n in range(100)))
        await hands.count(100)
    assert hands.most_busy == 1


async def test_names_of_any_characters_do_not_mix(broker: Broker, event: str) -> None:
    events = [f"{name}{event}"[:200] if len(name) == 200 else f"{event}{name}" for name in ODD_NAMES]
    every = {name: Hands() for name in events}
    await broker.open({name: ["g"] for name in events})
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(broker.receive(name, "g", hands.take)) for name, hands in every.items()]
        for name in events:
            await broker.send(packets(name, [name]))
        await asyncio.gather(*(hands.count(1) for hands in every.values()))
        for task in tasks:
            task.cancel()
    assert {name: hands.texts for name, hands in every.items()} == {name: [name] for name in events}


async def test_groups_of_any_name_do_not_mix(broker: Broker, event: str) -> None:
    groups = [name if len(name) == 200 else f"{name}.group" for name in ODD_NAMES]
    every = {name: Hands() for name in groups}
    await broker.open({event: groups})
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(broker.receive(event, name, hands.take)) for name, hands in every.items()]
        await broker.send(packets(event, "ab"))
        await asyncio.gather(*(hands.count(2) for hands in every.values()))
        for task in tasks:
            task.cancel()
    assert all(hands.texts == ["a", "b"] for hands in every.values())


async def test_it_is_healthy_while_the_broker_answers(broker: Broker) -> None:
    await broker.open({})
    await broker.check_health()


async def test_nothing_is_sent_before_open(broker: Broker, event: str) -> None:
    with pytest.raises(BrokerDown):
        await broker.send(packets(event, "a"))


def test_it_says_what_it_gives(broker: Broker) -> None:
    assert isinstance(broker.gives, Gives)
    assert {"durable", "ordered"} <= broker.gives.gifts
    assert broker.gives.transport and broker.gives.power_cut
