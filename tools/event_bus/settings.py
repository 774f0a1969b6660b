"""What can be set about the event bus."""

from typing import Annotated

from msgspec import Meta, Struct

SCHEMES = ("db", "memory", "nats", "tls", "redis", "rediss", "unix", "amqp", "amqps", "kafka")


class EventBusSettings(Struct, frozen=True, rename="upper", kw_only=True):
    """Read from the environment; the table of settings in the documentation is made from it."""

    event_bus_url: Annotated[
        str,
        Meta(
            description="where events travel: db:// (the database, if a plugin hands it over, else memory), memory://"
            " (this process, gone with it), or a broker: nats://, redis://, amqp://, kafka://"
        ),
    ] = "db://"
    event_bus_queue: Annotated[
        int, Meta(description="events that may wait for one subscription in memory", gt=0, le=10_000_000)
    ] = 10_000
    event_bus_stored: Annotated[
        int, Meta(description="deliveries that may wait in the database", gt=0, le=1_000_000_000)
    ] = 1_000_000
    event_bus_wait_s: Annotated[
        float,
        Meta(description="seconds that a publish waits for room in a full queue before it is refused", ge=0, le=86_400),
    ] = 5.0
    event_bus_lease_s: Annotated[
        float,
        Meta(description="seconds without a sign of life after which a process's events go to others", ge=1, le=3_600),
    ] = 40.0
    event_bus_history: Annotated[
        int, Meta(description="handled deliveries kept in the database for traces, and to know duplicates", ge=0)
    ] = 100_000
    event_bus_timeout_s: Annotated[float, Meta(description="seconds for one answer of a broker", gt=0, le=3_600)] = 5.0

    def __post_init__(self) -> None:
        # only the scheme is shown: the rest of a URL may hold a password
        if self.scheme not in SCHEMES or "://" not in self.event_bus_url:
            known = ", ".join(f"{one}://" for one in SCHEMES)
            raise ValueError(f"EVENT_BUS_URL asks for {self.scheme!r}, which is none of {known}")

    @property
    def scheme(self) -> str:
        """Name the transport."""
        return self.event_bus_url.partition(":")[0]
