from abc import abstractmethod
from typing import Protocol

from app.core.common.entities.types_ import UserId
from app.core.queries.models.notification import NotificationQm


class NotificationReader(Protocol):
    @abstractmethod
    def list_of_user(self, user_id: UserId) -> list[NotificationQm]: ...
