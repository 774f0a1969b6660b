from sqlalchemy.orm import Session

from app.repositories.notification import NotificationRepository
from app.services.notification import NotificationService
from app.services.user import UserCreated


def send_welcome(event: UserCreated, session: Session) -> None:
    NotificationService(NotificationRepository(session)).send_welcome(event.id, event.name)
