"""Events and requests between plugins that do not know each other: offers `event_bus`."""

from collections.abc import Iterable, Mapping

import msgspec

from hookspecs import Tool, hookimpl
from tools.event_bus.contract import EventBus
from tools.event_bus.settings import EventBusSettings


@hookimpl
def register_tools() -> Iterable[Tool]:
    """Offer `event_bus`."""

    def bus(environ: Mapping[str, str]) -> EventBus:
        from tools.event_bus.bus import Bus

        return Bus(msgspec.convert(environ, EventBusSettings, strict=False))

    return [Tool("event_bus", EventBus, EventBusSettings, bus)]
