from collections.abc import Callable

from fastapi.testclient import TestClient

from app.models import User

HeadersOf = Callable[[User], dict[str, str]]


def test_a_blocked_user_cannot_log_in(
    client: TestClient, make_user: Callable[..., User], headers_of: HeadersOf
) -> None:
    ana, admin = make_user("ana@example.com"), make_user("root@example.com", "admin")

    answer = client.post(f"/users/{ana.id}/block", headers=headers_of(admin))

    assert answer.status_code == 204
    login = client.post("/auth/login", json={"email": ana.email, "password": "correct horse"})
    assert login.status_code == 403


def test_only_an_administrator_blocks(
    client: TestClient, make_user: Callable[..., User], headers_of: HeadersOf
) -> None:
    ana = make_user()

    assert client.post(f"/users/{ana.id}/block").status_code == 401
    assert client.post(f"/users/{ana.id}/block", headers=headers_of(ana)).status_code == 403


def test_a_user_that_is_not_there_is_not_found(
    client: TestClient, make_user: Callable[..., User], headers_of: HeadersOf
) -> None:
    admin = make_user(role="admin")

    assert client.post("/users/99/block", headers=headers_of(admin)).status_code == 404
