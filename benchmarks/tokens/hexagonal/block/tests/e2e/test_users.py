from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from app.domain.user import User

NEW = {"name": "Ana", "email": "Ana@Example.com", "password": "correct horse"}


def test_a_registered_user_is_welcomed(
    client: TestClient, session: Session, headers_of: Callable[[User], dict[str, str]]
) -> None:
    answer = client.post("/users", json=NEW)

    assert answer.status_code == 201
    assert answer.json() == {"id": 1, "name": "Ana", "email": "ana@example.com", "role": "user"}
    notifications = client.get("/notifications", headers=headers_of(session.get_one(User, 1))).json()
    assert [one["message"] for one in notifications] == ["Welcome, Ana!"]


@pytest.mark.parametrize(("field", "value"), [("name", ""), ("email", "ana"), ("password", "short"), ("role", "admin")])
def test_what_is_not_valid_is_refused(client: TestClient, field: str, value: str) -> None:
    answer = client.post("/users", json={**NEW, field: value})

    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", field]


def test_an_email_that_is_taken_is_a_conflict(client: TestClient) -> None:
    answers = [client.post("/users", json=NEW) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 409]


def test_an_administrator_blocks_a_user(
    client: TestClient, make_user: Callable[..., User], headers_of: Callable[[User], dict[str, str]]
) -> None:
    ana, admin = make_user("ana@example.com"), make_user("root@example.com", "admin")
    path = f"/users/{ana.id}/block"

    refused = [client.post(path), client.post(path, headers=headers_of(ana))]
    blocked = client.post(path, headers=headers_of(admin))
    unknown = client.post("/users/99/block", headers=headers_of(admin))

    assert [answer.status_code for answer in refused] == [401, 403]
    assert (blocked.status_code, unknown.status_code) == (204, 404)
    login = client.post("/auth/login", json={"email": "ana@example.com", "password": "correct horse"})
    assert login.status_code == 403
