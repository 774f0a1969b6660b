from collections.abc import Sequence

from sqlalchemy import select

from app.models import Notification
from app.repositories.base import BaseRepository


class NotificationRepository(BaseRepository[Notification]):
    model = Notification

    def list_of_user(self, user_id: int) -> Sequence[Notification]:
        query = select(Notification).where(Notification.user_id == user_id).order_by(Notification.id.desc())
        return self.session.scalars(query).all()
