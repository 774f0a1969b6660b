"""What the features of `notifications` share."""

from datetime import datetime

from msgspec import Struct


class Notification(Struct, frozen=True):
    """A message to one user."""

    id: int
    kind: str
    message: str
    created_at_utc: datetime


class NewAccount(Struct, frozen=True):
    """What is read of `user.created`."""

    id: int
    email: str


class GoneAccount(Struct, frozen=True):
    """What is read of `user.deleted`."""

    id: int
