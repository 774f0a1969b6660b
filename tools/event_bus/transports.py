"""Which log the settings ask for, and what it gives."""

from tools.event_bus.contract import Gives, Store
from tools.event_bus.log import Log
from tools.event_bus.memory.memory_log import GIVES, MemoryLog
from tools.event_bus.settings import EventBusSettings
from tools.event_bus.sql import sql_log


def gives(settings: EventBusSettings, store: Store | None) -> Gives:
    """Say what the transport will give, before it is made."""
    return sql_log.gives(store.dialect) if _is_stored(settings, store) and store else GIVES


def make_log(settings: EventBusSettings, store: Store | None) -> Log:
    """Make it."""
    if _is_stored(settings, store) and store is not None:
        return sql_log.SqlLog(settings, store)
    return MemoryLog(settings, store)


def _is_stored(settings: EventBusSettings, store: Store | None) -> bool:
    return settings.scheme != "memory" and store is not None
