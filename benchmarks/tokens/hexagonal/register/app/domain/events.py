from dataclasses import dataclass


@dataclass(frozen=True)
class UserCreated:
    """The event `user.created`."""

    id: int
    name: str
