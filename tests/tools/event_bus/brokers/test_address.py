"""URLs with passwords that are hard to read: they are read as the clients do, or refused, and never shown."""

import pytest

from tests.contracts.brokers.hands import packets
from tests.redis_server import server
from tools.event_bus.brokers.address import Address
from tools.event_bus.brokers.redis import RedisBroker


@pytest.mark.parametrize("scheme", ["redis", "amqp", "kafka", "nats"])
def test_a_password_with_an_at_sign_is_not_shown(scheme: str) -> None:
    address = Address(f"{scheme}://ana:5ecret@w0rd@host:1,host:2/x", {})

    assert (str(address), address.password) == (f"{scheme}://host:1,host:2/x", "5ecret@w0rd")
    assert address.without_password("no 5ecret@w0rd") == "no ***"


@pytest.mark.parametrize("password", ["5ecret/word", "5ecret?word", "5ecret#word", "/@5ecret"])
def test_a_password_that_would_be_taken_for_something_else_is_refused_and_not_shown(password: str) -> None:
    with pytest.raises(ValueError, match="EVENT_BUS_URL cannot be read") as refused:
        Address(f"redis://:{password}@host/0", {})

    assert "5ecret" not in str(refused.value)


async def test_an_option_of_the_client_comes_to_it_as_it_was_written() -> None:
    with server("--requirepass", "a&b+c %/", is_durable=True) as made:
        broker = RedisBroker(f"{made.url}?prefix=shop&password=a%26b%2Bc%20%25%2F", 2)
        await broker.open({"e": ["g"]})
        await broker.send(packets("e", "a"))
        await broker.close()
