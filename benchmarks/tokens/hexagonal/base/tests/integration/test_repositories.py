from collections.abc import Callable

from sqlalchemy.orm import Session

from app.adapters.persistence.repositories import SqlNotificationRepository, SqlUserRepository
from app.domain.notification import Notification
from app.domain.user import User


def test_a_user_is_found_by_email(session: Session, make_user: Callable[..., User]) -> None:
    ana = make_user("ana@example.com")

    users = SqlUserRepository(session)

    assert users.get_by_email("ana@example.com") is ana
    assert users.get_by_email("nobody@example.com") is None


def test_notifications_are_those_of_one_user(session: Session, make_user: Callable[..., User]) -> None:
    ana, bob = make_user("ana@example.com"), make_user("bob@example.com")
    session.add_all([Notification(one.id, "news", f"For {one.email}") for one in (ana, bob)])

    found = SqlNotificationRepository(session).list_of_user(ana.id)

    assert [one.message for one in found] == ["For ana@example.com"]
