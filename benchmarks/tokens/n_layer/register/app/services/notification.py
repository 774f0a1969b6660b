from collections.abc import Sequence

from app.models import Notification
from app.repositories.notification import NotificationRepository


class NotificationService:
    def __init__(self, notifications: NotificationRepository) -> None:
        self.notifications = notifications

    def list_of_user(self, user_id: int) -> Sequence[Notification]:
        return self.notifications.list_of_user(user_id)

    def send_welcome(self, user_id: int, name: str) -> None:
        self.notifications.add(Notification(user_id=user_id, kind="welcome", message=f"Welcome, {name}!"))
