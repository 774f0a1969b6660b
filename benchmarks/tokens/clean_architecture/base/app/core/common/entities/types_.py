from enum import StrEnum
from typing import NewType

UserId = NewType("UserId", int)
UserPasswordHash = NewType("UserPasswordHash", str)
NotificationId = NewType("NotificationId", int)


class UserRole(StrEnum):
    USER = "user"
    ADMIN = "admin"
