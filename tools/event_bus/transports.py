"""Which log the settings ask for, and what it gives."""

from tools.event_bus.brokers.made import SCHEMES, make_broker
from tools.event_bus.contract import Gives, Store
from tools.event_bus.log import Log
from tools.event_bus.memory import brokered_log as memory_brokered
from tools.event_bus.memory import memory_log
from tools.event_bus.settings import EventBusSettings
from tools.event_bus.sql import brokered_log as sql_brokered
from tools.event_bus.sql import sql_log


def gives(settings: EventBusSettings, store: Store | None) -> Gives:
    """Say what the transport will give, before it is made.

    Raises:
        RuntimeError: the extra of its broker is not installed.
    """
    if settings.scheme in SCHEMES:
        broker = make_broker(settings).gives
        return memory_brokered.gives(broker) if store is None else sql_brokered.gives(store.dialect, broker)
    return memory_log.GIVES if settings.scheme == "memory" or store is None else sql_log.gives(store.dialect)


def make_log(settings: EventBusSettings, store: Store | None) -> Log:
    """Make it; what a transaction publishes waits for its commit in memory too."""
    if settings.scheme in SCHEMES:
        broker = make_broker(settings)
        return memory_brokered.MemoryBrokeredLog(settings, broker) if store is None else sql_brokered.BrokeredLog(
            settings, store, broker
        )  # fmt: skip
    if settings.scheme == "memory" or store is None:
        return memory_log.MemoryLog(settings, store)
    return sql_log.SqlLog(settings, store)
