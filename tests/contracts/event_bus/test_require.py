"""What a subscription requires, the transport gives, or the boot stops."""

from collections.abc import Collection
from typing import get_args

import pytest

from hookspecs import Finding
from tests.contracts.event_bus.plugins import Listener, Work, facts, hook, subscribe
from tests.contracts.event_bus.works import Home, durable, in_memory
from tools.event_bus.contract import Gift

GIFTS: tuple[Gift, ...] = get_args(Gift)


def found(bus: Work) -> list[Finding]:
    """Ask for the rules that are not kept and stop the boot."""
    return [finding for finding in bus.check() if finding.is_error]


def given(bus: Work) -> Collection[str]:
    """Read what the transport says of itself."""
    (transport,) = facts(bus, "transport")
    gifts: Collection[str] = transport.data["gifts"]
    return gifts


async def test_nothing_is_required_unless_it_is_said(bus: Work) -> None:
    subscribe(bus, "said", Listener().handle)

    assert found(bus) == []


@pytest.mark.parametrize("gift", GIFTS)
async def test_what_the_transport_does_not_give_stops_the_boot_where_it_is_required(bus: Work, gift: Gift) -> None:
    subscribe(bus, "said", Listener().handle, require={gift})

    assert len(found(bus)) == (gift not in given(bus))


@in_memory
async def test_in_memory_nothing_is_durable_and_who_requires_it_is_named(bus: Work) -> None:
    subscribe(bus, "said", Listener().handle, "made.fine")
    subscribe(bus, "said", Listener().handle, "made.demanding", require={"durable"})

    (finding,) = found(bus)

    for word in ("made.demanding.handle", "durable", "memory"):
        assert word in finding.message
    assert "made.fine" not in finding.message


@in_memory
async def test_all_that_is_missing_is_found_at_once(bus: Work) -> None:
    subscribe(bus, "said", Listener().handle, "made.first", require={"durable", "delay"})
    subscribe(bus, "heard", Listener().handle, "made.second", require=["durable"])

    text = "\n".join(finding.message for finding in found(bus))

    for word in ("made.first.handle", "made.second.handle", "durable", "delay"):
        assert word in text


@in_memory
async def test_a_database_makes_no_bus_durable_that_is_to_be_in_memory(home: Home, stored_bus: Work) -> None:
    subscribe(stored_bus, "said", Listener().handle, require={"durable"})

    assert len(found(stored_bus)) == 1


@durable
async def test_a_database_gives_all_that_there_is(bus: Work) -> None:
    subscribe(bus, "said", Listener().handle, require=GIFTS)

    assert found(bus) == []


async def test_what_nobody_gives_cannot_be_required(bus: Work) -> None:
    with hook(), pytest.raises(ValueError, match="pretty"):
        bus.subscribe("said", Listener().handle, require={"pretty"})  # type: ignore[arg-type]  # that is what is tested


async def test_a_requirement_of_what_was_undone_stops_nothing(bus: Work) -> None:
    for gift in GIFTS:
        subscribe(bus, "said", Listener().handle, require={gift}).close()

    assert found(bus) == []


@pytest.mark.parametrize("timeout", [2, 60], ids=["as long", "longer"])
async def test_a_time_out_that_is_not_below_the_lease_stops_the_boot(home: Home, timeout: float) -> None:
    bus = await home.boot(EVENT_BUS_LEASE_S="2")
    subscribe(bus, "said", Listener().handle, timeout=timeout)

    (finding,) = found(bus)

    for word in ("made.listener.handle", "EVENT_BUS_LEASE_S"):
        assert word in finding.message


async def test_a_time_out_below_the_lease_is_fine(home: Home) -> None:
    bus = await home.boot(EVENT_BUS_LEASE_S="2")
    subscribe(bus, "said", Listener().handle, timeout=1.9)

    assert found(bus) == []


@in_memory
async def test_where_exactly_once_is_not_given_who_asks_for_it_is_warned(bus: Work) -> None:
    subscribe(bus, "said", Listener().handle, transactional=True)

    (warning,) = bus.check()

    assert (warning.code, warning.is_error) == ("event-transactional", False)
    assert "made.listener.handle subscribes to 'said' with transactional=True" in warning.message
