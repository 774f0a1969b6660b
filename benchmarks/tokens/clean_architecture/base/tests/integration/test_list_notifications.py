from collections.abc import Callable

from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from app.core.common.entities.notification import Notification
from app.core.common.entities.user import User


def test_callers_see_their_notifications(
    client: TestClient,
    session: Session,
    store_user: Callable[..., User],
    headers_of: Callable[[User], dict[str, str]],
) -> None:
    ana = store_user()
    session.add(Notification(user_id=ana.id_, kind="news", message="For Ana"))
    session.commit()

    answer = client.get("/notifications", headers=headers_of(ana))

    assert answer.json() == [{"id": 1, "kind": "news", "message": "For Ana"}]


def test_strangers_see_nothing(client: TestClient) -> None:
    assert client.get("/notifications").status_code == 401
    assert client.get("/notifications", headers={"Authorization": "Bearer x"}).status_code == 401
