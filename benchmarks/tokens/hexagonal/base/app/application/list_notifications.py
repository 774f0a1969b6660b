from collections.abc import Sequence

from app.application.ports.persistence import StartUnitOfWork
from app.application.ports.security import Caller
from app.domain.notification import Notification


class ListNotifications:
    def __init__(self, start: StartUnitOfWork) -> None:
        self._start = start

    def __call__(self, caller: Caller) -> Sequence[Notification]:
        with self._start() as work:
            return work.notifications.list_of_user(caller.id)
