"""What the features of `system` share."""

from typing import Literal

from msgspec import Struct

from tools.registry.contract import Health


class Live(Struct, frozen=True):
    """The process answers."""

    status: Literal["live"] = "live"


class Ready(Struct, frozen=True):
    """How the system is, without names."""

    status: Literal["ready", "degraded", "unavailable"]


class PartStatus(Struct, frozen=True):
    """A tool or a plugin."""

    name: str
    file: str
    state: Literal["found", "ready", "broken", "disabled"]
    error: str
    boot_ms: float


class SystemStatus(Struct, frozen=True, kw_only=True):
    """What stands, how it is, and how the events get on; of dead letters the first 1,000 are counted, by group."""

    health: Health
    tools: list[PartStatus]
    plugins: list[PartStatus]
    pending_deliveries: int
    dead_letters_by_group: dict[str, int]
