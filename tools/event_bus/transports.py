"""Which log the settings ask for, and what it gives."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from tools.event_bus.brokers.made import SCHEMES, make_broker
from tools.event_bus.contract import Gives, Store
from tools.event_bus.log import Log
from tools.event_bus.memory import brokered_log as memory_brokered
from tools.event_bus.memory import memory_log
from tools.event_bus.settings import EventBusSettings
from tools.event_bus.sql import brokered_log as sql_brokered
from tools.event_bus.sql import sql_log


class Transport(NamedTuple):
    """What it will give, and how it is made."""

    gives: Gives
    make_log: Callable[[], Log]


def transport(settings: EventBusSettings, store: Store | None) -> Transport:
    """Choose; in memory too, what a transaction publishes waits for its commit.

    Raises:
        RuntimeError: the extra of its broker is not installed.
    """
    if settings.scheme in SCHEMES:
        broker = make_broker(settings)
        if store is None:
            gives = memory_brokered.gives(broker.gives)
            return Transport(gives, partial(memory_brokered.MemoryBrokeredLog, settings, broker))
        gives = sql_brokered.gives(store.dialect, broker.gives)
        return Transport(gives, partial(sql_brokered.BrokeredLog, settings, store, broker))
    if settings.scheme == "memory" or store is None:
        return Transport(memory_log.GIVES, partial(memory_log.MemoryLog, settings, store))
    return Transport(sql_log.gives(store.dialect), partial(sql_log.SqlLog, settings, store))
