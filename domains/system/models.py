"""What the features of `system` share."""

from datetime import datetime
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


class FailedDelivery(Struct, frozen=True):
    """An event that a subscriber could not handle, without its payload."""

    event: str
    event_id: str
    subscriber: str
    error: str
    attempts: int
    failed_at_utc: datetime


class SystemStatus(Struct, frozen=True, kw_only=True):
    """What stands, how it is, and the last 1,000 deliveries that failed, also counted by subscriber."""

    health: Health
    tools: list[PartStatus]
    plugins: list[PartStatus]
    pending_deliveries: int
    failed_by_subscriber: dict[str, int]
    failed_deliveries: list[FailedDelivery]
