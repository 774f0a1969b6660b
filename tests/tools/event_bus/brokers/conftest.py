"""RabbitMQ and Kafka behind a proxy that goes wrong when a test says so."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, NamedTuple
from uuid import uuid4

import pytest

from tests import kafka_cluster, rabbitmq_server
from tests.contracts.brokers.servers import KINDS
from tests.proxy import Proxy, proxy
from tests.tools.event_bus.brokers import lines
from tools.event_bus.brokers.broker import Broker

MakeBroker = Callable[..., Broker]


class Line(NamedTuple):
    """A broker, and the proxy that is before it."""

    kind: str
    proxy: Proxy
    url: str
    """Leads through the proxy."""


@pytest.fixture(scope="module")
def rabbit() -> Iterator[rabbitmq_server.RabbitServer]:
    """A server that several tests use: it is neither killed nor paused."""
    with rabbitmq_server.server() as made:
        yield made


@pytest.fixture
def kafka() -> Iterator[kafka_cluster.KafkaCluster]:
    with kafka_cluster.server() as made:
        yield made


@pytest.fixture(params=["rabbitmq", "kafka"])
async def line(request: pytest.FixtureRequest) -> AsyncIterator[Line]:
    if request.param == "rabbitmq":
        server: rabbitmq_server.RabbitServer = request.getfixturevalue("rabbit")
        async with proxy(server.address) as made:
            yield Line("rabbitmq", made, server.url_through(made.port))
        return
    cluster = kafka_cluster.KafkaCluster()
    async with proxy(("127.0.0.1", cluster.port)) as made:
        cluster.advertise(made.port)
        cluster.start()
        yield Line("kafka", made, cluster.url)
        cluster.kill()


@pytest.fixture
async def make_broker() -> AsyncIterator[MakeBroker]:
    """Make adapters of a kind, which are closed after the test."""
    made: list[Broker] = []

    def make(kind: str, url: str, timeout_s: float = 5.0) -> Broker:
        made.append(KINDS[kind].broker(url, timeout_s))
        return made[-1]

    yield make
    await asyncio.gather(*(broker.close() for broker in made))


@pytest.fixture
def event() -> str:
    """The name of an event that no other test uses."""
    return f"made.{uuid4().hex[:12]}"


@pytest.fixture(scope="module", params=list(KINDS))
def server(request: pytest.FixtureRequest) -> Iterator[tuple[str, Any]]:
    """Each kind of broker, and a server of it that several tests use."""
    with KINDS[request.param].run() as made:
        yield request.param, made


@pytest.fixture
def url(server: tuple[str, Any]) -> str:
    """Its URL, with a prefix of the test's own."""
    return lines.own(server[1].url)


@pytest.fixture
async def any_line(server: tuple[str, Any]) -> AsyncIterator[lines.Line]:
    async with lines.line_to(*server) as made:
        yield made
