from abc import abstractmethod
from typing import Protocol

from app.core.common.entities.notification import Notification


class NotificationTxStorage(Protocol):
    @abstractmethod
    def add(self, notification: Notification) -> None: ...
