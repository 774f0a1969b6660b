from unittest.mock import create_autospec

from app.core.common.authorization.current_user_service import CurrentUserService
from app.core.queries.list_notifications import ListNotifications
from app.core.queries.models.notification import NotificationQm
from app.core.queries.ports.notification_reader import NotificationReader
from tests.factories import create_user


def test_callers_see_their_own_notifications() -> None:
    user, notification = create_user(id_=7), NotificationQm(id=1, kind="news", message="For Ana")
    current_user_service = create_autospec(CurrentUserService, instance=True)
    current_user_service.get_current_user.return_value = user
    reader = create_autospec(NotificationReader, instance=True)
    reader.list_of_user.return_value = [notification]

    assert ListNotifications(current_user_service, reader).execute() == [notification]
    reader.list_of_user.assert_called_once_with(7)
