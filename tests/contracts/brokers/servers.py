"""The brokers that the battery runs on: add one here, and every test of this folder runs on it too."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from importlib import import_module
from typing import NamedTuple, Protocol

from tests import kafka_cluster, nats_server, rabbitmq_server, redis_server
from tools.event_bus.brokers.broker import Broker


class Server(Protocol):
    """A broker's server of a test's own."""

    url: str

    def start(self) -> None:
        """Start it after `kill`, with the same URL; return when it answers."""
        ...

    def kill(self) -> None:
        """End it at once (SIGKILL)."""
        ...

    def pause(self) -> None:
        """Let it be silent, with its sockets open (SIGSTOP)."""
        ...

    def resume(self) -> None:
        """Let it go on."""
        ...


class Kind(NamedTuple):
    """A broker: how to run its server, and our adapter."""

    run: Callable[[], AbstractContextManager[Server]]
    """A started server; what it confirmed is on the disk."""
    adapter: str
    """`module:Class`."""
    outlives_kill: bool = True
    """False for a stand-in that has forgotten everything after `kill` and `start`."""
    restarts: int = 50
    """How often it is restarted to see that nothing is left behind; fewer where a start takes seconds."""

    def broker(self, url: str, timeout_s: float) -> Broker:
        """Make an adapter that is connected to nothing yet."""
        module, _, name = self.adapter.partition(":")
        made: Broker = getattr(import_module(module), name)(url, timeout_s)
        return made


KINDS = {
    "kafka": Kind(kafka_cluster.server, "tools.event_bus.brokers.kafka:KafkaBroker", outlives_kill=False),
    "nats": Kind(nats_server.server, "tools.event_bus.brokers.nats:NatsBroker"),
    "rabbitmq": Kind(rabbitmq_server.server, "tools.event_bus.brokers.rabbitmq:RabbitMqBroker", restarts=12),
    "redis": Kind(lambda: redis_server.server(is_durable=True), "tools.event_bus.brokers.redis:RedisBroker"),
}
