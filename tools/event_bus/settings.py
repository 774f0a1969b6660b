"""What can be set about the event bus."""

from typing import Annotated

from msgspec import Meta, Struct


class EventBusSettings(Struct, frozen=True, rename="upper", kw_only=True):
    """Read from the environment; the table of settings in the documentation is made from it."""

    event_bus_url: Annotated[
        str, Meta(description="where events travel; memory:// is this process, and not durable", pattern="^memory://")
    ] = "memory://"
    event_bus_queue: Annotated[int, Meta(description="events that may wait for one subscription", gt=0)] = 10_000
    event_bus_wait_s: Annotated[
        float,
        Meta(description="seconds that a publish waits for room in a full queue before it is refused", ge=0, le=86_400),
    ] = 5.0
