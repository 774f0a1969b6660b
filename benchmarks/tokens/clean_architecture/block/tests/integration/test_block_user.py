from collections.abc import Callable

from fastapi.testclient import TestClient

from app.core.common.entities.types_ import UserRole
from app.core.common.entities.user import User


def test_a_blocked_user_cannot_log_in(
    client: TestClient, store_user: Callable[..., User], headers_of: Callable[[User], dict[str, str]]
) -> None:
    ana, admin = store_user("ana@example.com"), store_user("root@example.com", UserRole.ADMIN)

    blocked = client.post(f"/users/{ana.id_}/block", headers=headers_of(admin))

    assert blocked.status_code == 204
    login = client.post("/auth/login", json={"email": "ana@example.com", "password": "correct horse"})
    assert login.status_code == 403


def test_refusals(
    client: TestClient, store_user: Callable[..., User], headers_of: Callable[[User], dict[str, str]]
) -> None:
    ana, admin = store_user("ana@example.com"), store_user("root@example.com", UserRole.ADMIN)

    answers = [
        client.post(f"/users/{ana.id_}/block"),
        client.post(f"/users/{ana.id_}/block", headers=headers_of(ana)),
        client.post("/users/99/block", headers=headers_of(admin)),
    ]

    assert [answer.status_code for answer in answers] == [401, 403, 404]
