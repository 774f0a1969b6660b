from collections.abc import Sequence

from app.models import Notification
from app.repositories.notification import NotificationRepository


class NotificationService:
    def __init__(self, notifications: NotificationRepository) -> None:
        self.notifications = notifications

    def list_of_user(self, user_id: int) -> Sequence[Notification]:
        return self.notifications.list_of_user(user_id)
