from collections.abc import Callable

from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from app.models import Notification, User


def test_callers_see_their_own_notifications(
    client: TestClient,
    session: Session,
    make_user: Callable[..., User],
    headers_of: Callable[[User], dict[str, str]],
) -> None:
    ana, bob = make_user("ana@example.com"), make_user("bob@example.com")
    session.add_all([Notification(user_id=one.id, kind="news", message=f"For {one.email}") for one in (ana, bob)])
    session.commit()

    answer = client.get("/notifications", headers=headers_of(ana))

    assert answer.json() == [{"id": 1, "kind": "news", "message": "For ana@example.com"}]


def test_strangers_see_nothing(client: TestClient) -> None:
    assert client.get("/notifications").status_code == 401
    assert client.get("/notifications", headers={"Authorization": "Bearer x"}).status_code == 401
