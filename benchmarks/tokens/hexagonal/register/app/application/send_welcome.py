from app.application.ports.persistence import StartUnitOfWork
from app.domain.events import UserCreated
from app.domain.notification import Notification


class SendWelcome:
    def __init__(self, start: StartUnitOfWork) -> None:
        self._start = start

    def __call__(self, event: UserCreated) -> None:
        with self._start() as work:
            work.notifications.add(Notification(event.id, "welcome", f"Welcome, {event.name}!"))
            work.commit()
