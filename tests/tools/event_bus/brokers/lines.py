"""A bus over a broker's real server, with a proxy between them that goes wrong when a test says so."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple
from uuid import uuid4

from tests.contracts.brokers.servers import KINDS
from tests.contracts.event_bus.works import Home
from tests.kafka_cluster import KafkaCluster
from tests.proxy import Proxy, proxy

NO_DATABASE = "sqlite:///nowhere"


class Line(NamedTuple):
    """A broker's kind, the proxy that is before it, and the URL that leads through the proxy."""

    kind: str
    proxy: Proxy
    url: str


def own(url: str) -> str:
    """Have a prefix of one's own on a server that several tests use."""
    return f"{url}{'&' if '?' in url else '?'}prefix=made{uuid4().hex[:12]}"


@asynccontextmanager
async def line_to(kind: str, server: Any) -> AsyncIterator[Line]:
    """Stand before a server that runs; Kafka's clients go where it tells them to, so that has one of its own here."""
    if kind == "kafka":
        cluster = KafkaCluster()
        async with proxy(("127.0.0.1", cluster.port)) as made:
            cluster.advertise(made.port)
            cluster.start()
            try:
                yield Line(kind, made, own(cluster.url))
            finally:
                cluster.kill()
        return
    target = {"nats": "port", "redis": "target", "rabbitmq": "address"}[kind]
    address = getattr(server, target)
    async with proxy(("127.0.0.1", address) if kind == "nats" else address) as made:
        through = server.url_through(made.port) if kind == "rabbitmq" else f"{kind}://127.0.0.1:{made.port}"
        yield Line(kind, made, own(through))


@asynccontextmanager
async def stored(kind: str, url: str, db_url: str) -> AsyncIterator[Home]:
    """Give a home whose works have a log in that database."""
    assert kind in KINDS
    home = Home(kind, db_url, url)
    try:
        yield home
    finally:
        await home.close()


@asynccontextmanager
async def unstored(url: str) -> AsyncIterator[Home]:
    """Give a home whose works have no log."""
    home = Home("memory", NO_DATABASE, url)
    try:
        yield home
    finally:
        await home.close()
