"""Events and requests between plugins that do not know each other, in this process."""

from collections.abc import Iterable, Mapping

import msgspec

from hookspecs import Tool, hookimpl
from tools.event_bus.contract import EventBus
from tools.event_bus.settings import EventBusSettings


@hookimpl
def register_tools() -> Iterable[Tool]:
    """Offer `event_bus`."""

    def memory_bus(environ: Mapping[str, str]) -> EventBus:
        from tools.event_bus.memory_bus import MemoryBus

        return MemoryBus(msgspec.convert(environ, EventBusSettings, strict=False))

    return [Tool("event_bus", EventBus, EventBusSettings, memory_bus)]
