"""The adapter that a URL asks for; its client is imported then, and not before."""

from importlib import import_module

from tools.event_bus.brokers.broker import Broker
from tools.event_bus.settings import EventBusSettings

_ADAPTERS = {
    "nats": ("nats", "NatsBroker"),
    "tls": ("nats", "NatsBroker"),
    "redis": ("redis", "RedisBroker"),
    "rediss": ("redis", "RedisBroker"),
    "unix": ("redis", "RedisBroker"),
    "amqp": ("rabbitmq", "RabbitMqBroker"),
    "amqps": ("rabbitmq", "RabbitMqBroker"),
    "kafka": ("kafka", "KafkaBroker"),
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
