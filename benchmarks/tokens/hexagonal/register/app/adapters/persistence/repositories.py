from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.adapters.persistence import orm
from app.domain.errors import EmailTakenError
from app.domain.notification import Notification
from app.domain.user import User


class SqlUserRepository:
    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, user: User) -> None:
        self._session.add(user)
        try:
            self._session.flush()
        except IntegrityError:
            raise EmailTakenError from None

    def get_by_email(self, email: str) -> User | None:
        return self._session.scalar(select(User).where(orm.users.c.email == email))


class SqlNotificationRepository:
    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, notification: Notification) -> None:
        self._session.add(notification)

    def list_of_user(self, user_id: int) -> Sequence[Notification]:
        table = orm.notifications.c
        return self._session.scalars(
            select(Notification).where(table.user_id == user_id).order_by(table.id.desc())
        ).all()
