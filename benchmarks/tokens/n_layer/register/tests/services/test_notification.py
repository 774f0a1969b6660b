from collections.abc import Callable

from sqlalchemy.orm import Session

from app.models import User
from app.repositories.notification import NotificationRepository
from app.services.notification import NotificationService


def test_send_welcome_stores_a_notification(session: Session, make_user: Callable[..., User]) -> None:
    user = make_user()
    notifications = NotificationService(NotificationRepository(session))

    notifications.send_welcome(user.id, "Ana")

    assert [one.message for one in notifications.list_of_user(user.id)] == ["Welcome, Ana!"]
