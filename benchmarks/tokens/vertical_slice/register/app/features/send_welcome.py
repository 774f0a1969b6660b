from sqlalchemy.orm import Session

from app.features.register_user import UserCreated
from app.models import Notification


def send_welcome(user: UserCreated, session: Session) -> None:
    session.add(Notification(user_id=user.id, kind="welcome", message=f"Welcome, {user.name}!"))
