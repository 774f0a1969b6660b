"""The adapter that a URL asks for; its client is imported then, and not before."""

from importlib import import_module

from tools.event_bus.brokers.broker import Broker
from tools.event_bus.settings import EventBusSettings

_ADAPTERS = {
    "nats": ("nats", "Nats"),
    "redis": ("redis", "RedisStreams"),
    "rediss": ("redis", "RedisStreams"),
    "amqp": ("rabbitmq", "RabbitMq"),
    "amqps": ("rabbitmq", "RabbitMq"),
    "kafka": ("kafka", "Kafka"),
}
SCHEMES = frozenset(_ADAPTERS)


def make_broker(settings: EventBusSettings) -> Broker:
    """Make it, unconnected.

    Raises:
        RuntimeError: its extra is not installed.
    """
    module, name = _ADAPTERS[settings.scheme]
    made: Broker = getattr(import_module(f"tools.event_bus.brokers.{module}"), name)(
        settings.event_bus_url, settings.event_bus_timeout_s
    )
    return made
