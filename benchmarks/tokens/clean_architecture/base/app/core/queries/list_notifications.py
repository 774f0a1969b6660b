from app.core.common.authorization.current_user_service import CurrentUserService
from app.core.queries.models.notification import NotificationQm
from app.core.queries.ports.notification_reader import NotificationReader


class ListNotifications:
    """- Open to everyone who is logged in: their own notifications, the newest first."""

    def __init__(self, current_user_service: CurrentUserService, notification_reader: NotificationReader) -> None:
        self._current_user_service = current_user_service
        self._notification_reader = notification_reader

    def execute(self) -> list[NotificationQm]:
        current_user = self._current_user_service.get_current_user()
        return self._notification_reader.list_of_user(current_user.id_)
