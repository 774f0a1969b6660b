from app.application.list_notifications import ListNotifications
from app.application.ports.security import Caller
from app.domain.notification import Notification
from tests.fakes import FakeUnitOfWork


def test_callers_see_their_own_notifications() -> None:
    own, other = Notification(1, "news", "For Ana"), Notification(2, "news", "For Bob")
    list_notifications = ListNotifications(lambda: FakeUnitOfWork(notifications=[own, other]))

    assert list_notifications(Caller(1, "user")) == [own]
