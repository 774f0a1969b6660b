from types import TracebackType
from typing import Self

from sqlalchemy.orm import Session, sessionmaker

from app.adapters.persistence.repositories import SqlNotificationRepository, SqlUserRepository


class SqlUnitOfWork:
    def __init__(self, sessions: sessionmaker[Session]) -> None:
        # what a use case answers with is read after the commit
        self._session = sessions(expire_on_commit=False)
        self.users = SqlUserRepository(self._session)
        self.notifications = SqlNotificationRepository(self._session)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._session.close()

    def commit(self) -> None:
        self._session.commit()
