"""What the bus says of itself: the manifest prints it."""

from typing import Any

import pytest

from tests.contracts.event_bus.plugins import UserCreated, Work, facts, reply, subscribe
from tests.contracts.event_bus.works import BROKERS, Home
from tools.event_bus import register_tools
from tools.event_bus.contract import EventBus, Gift

GIFTS: dict[str, set[Gift]] = {
    "memory": {"ordered", "dedup"},
    "sqlite": {"durable", "ordered", "delay", "dedup", "transactional"},
    "postgres": {"durable", "ordered", "delay", "dedup", "transactional"},
    **{broker: {"durable", "ordered", "delay", "dedup", "transactional"} for broker in BROKERS},
}


async def test_the_tool_offers_the_contract() -> None:
    (tool,) = register_tools()

    assert (tool.name, tool.contract) == ("event_bus", EventBus)


async def test_the_transport_says_what_it_gives(bus: Work, home: Home) -> None:
    (transport,) = facts(bus, "transport")

    assert transport.owner == "event_bus"
    assert set(transport.data["gifts"]) == GIFTS[home.name]
    assert isinstance(transport.data["power_cut"], str)
    assert transport.data["power_cut"]
    assert ("not durable" in transport.summary) is not home.is_durable


async def test_the_facts_say_who_listens_and_replies_to_what(bus: Work) -> None:
    async def handle(user: UserCreated) -> None:
        pass

    subscribe(bus, "user.created", handle, retries=2, backoff=0.25, timeout=10)
    reply(bus, "user.asked", handle)

    ((subscription,), (event,)) = facts(bus, "subscription"), facts(bus, "event")
    (responder,) = facts(bus, "responder")
    known: dict[str, Any] = {"callback": "handle", "payload": {"id": "int", "email": "str"}}
    numbers = {"retries": 2, "backoff_s": 0.25, "timeout_s": 10, "concurrency": 8}
    assert subscription[:3] == ("subscription", "made.listener", "user.created")
    assert subscription.data.items() >= (known | numbers).items()
    assert (event.owner, event.name) == ("made.listener", "user.created")
    assert responder[:3] == ("responder", "made.responder", "user.asked")
    assert responder.data.items() >= known.items()


@pytest.mark.parametrize("url", ["pigeon://localhost", "nonsense", "memory"])
def test_an_unknown_transport_is_refused(url: str) -> None:
    (tool,) = register_tools()

    with pytest.raises(ValueError, match="EVENT_BUS_URL"):
        tool.factory({"EVENT_BUS_URL": url})


@pytest.mark.parametrize("name", ["EVENT_BUS_WAIT_S", "EVENT_BUS_LEASE_S"])
@pytest.mark.parametrize("value", ["inf", "nan", "1e12", "-1", "soon"])
def test_a_wrong_setting_is_named(name: str, value: str) -> None:
    (tool,) = register_tools()

    with pytest.raises(ValueError, match=name):
        tool.factory({name: value})
