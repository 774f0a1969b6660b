from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from app.adapters.persistence.repositories import SqlNotificationRepository, SqlUserRepository
from app.domain.errors import EmailTakenError
from app.domain.notification import Notification
from app.domain.user import User


def test_a_user_is_found_by_email(session: Session, make_user: Callable[..., User]) -> None:
    ana = make_user("ana@example.com")

    users = SqlUserRepository(session)

    assert users.get_by_email("ana@example.com") is ana
    assert users.get_by_email("nobody@example.com") is None


def test_an_added_user_has_an_id(session: Session) -> None:
    user = User("Ana", "ana@example.com", "hash")

    SqlUserRepository(session).add(user)

    assert user.id == 1


def test_an_email_is_added_once(session: Session, make_user: Callable[..., User]) -> None:
    make_user("ana@example.com")

    with pytest.raises(EmailTakenError):
        SqlUserRepository(session).add(User("Bob", "ana@example.com", "hash"))


def test_notifications_are_those_of_one_user(session: Session, make_user: Callable[..., User]) -> None:
    ana, bob = make_user("ana@example.com"), make_user("bob@example.com")
    notifications = SqlNotificationRepository(session)
    for one in (ana, bob):
        notifications.add(Notification(one.id, "news", f"For {one.email}"))

    found = notifications.list_of_user(ana.id)

    assert [one.message for one in found] == ["For ana@example.com"]
