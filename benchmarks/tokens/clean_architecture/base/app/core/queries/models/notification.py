from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationQm:
    id: int
    kind: str
    message: str
