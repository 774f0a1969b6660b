from dataclasses import dataclass

from app.core.common.entities.types_ import UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class UserCreated:
    """The event `user.created`."""

    user_id: UserId
    name: str
