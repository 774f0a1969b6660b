from app.application.send_welcome import SendWelcome
from app.domain.events import UserCreated
from tests.fakes import FakeUnitOfWork


def test_a_new_user_is_welcomed() -> None:
    work = FakeUnitOfWork()

    SendWelcome(lambda: work)(UserCreated(1, "Ana"))

    assert [(one.user_id, one.kind, one.message) for one in work.notifications.rows] == [
        (1, "welcome", "Welcome, Ana!")
    ]
    assert work.is_committed
