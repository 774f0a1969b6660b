"""Each broker's adapter before its real server: what passes on one passes on all."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from uuid import uuid4

import pytest

from tests.contracts.brokers.servers import KINDS, Kind, Server
from tools.event_bus.brokers.broker import Broker

MakeBroker = Callable[..., Broker]

TIMEOUT_S = 5.0


@pytest.fixture(scope="module", params=list(KINDS))
def kind(request: pytest.FixtureRequest) -> Kind:
    """The only thing that differs."""
    return KINDS[request.param]


@pytest.fixture(scope="module")
def server(kind: Kind) -> Iterator[Server]:
    """A server that several tests use: it is neither killed nor paused."""
    with kind.run() as made:
        yield made


@pytest.fixture
def own_server(kind: Kind) -> Iterator[Server]:
    """A server for one test, which may do with it what it likes."""
    with kind.run() as made:
        yield made
        made.resume()


@pytest.fixture
async def make_broker(kind: Kind) -> AsyncIterator[MakeBroker]:
    """Make adapters, which are closed after the test."""
    made: list[Broker] = []

    def make(url: str, timeout_s: float = TIMEOUT_S) -> Broker:
        made.append(kind.broker(url, timeout_s))
        return made[-1]

    yield make
    await asyncio.gather(*(broker.close() for broker in made))


@pytest.fixture
def broker(make_broker: MakeBroker, server: Server) -> Broker:
    """An adapter that is connected to nothing yet."""
    return make_broker(server.url)


@pytest.fixture
def event() -> str:
    """The name of an event that no other test uses."""
    return f"made.{uuid4().hex[:12]}"
