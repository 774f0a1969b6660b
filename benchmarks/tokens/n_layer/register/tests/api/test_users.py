from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from app.models import User

NEW = {"name": "Ana", "email": "Ana@Example.com", "password": "correct horse"}


def test_a_registered_user_is_welcomed(
    client: TestClient, session: Session, headers_of: Callable[[User], dict[str, str]]
) -> None:
    answer = client.post("/users", json=NEW)

    assert answer.status_code == 201
    assert answer.json() == {"id": 1, "name": "Ana", "email": "ana@example.com", "role": "user"}
    user = session.get_one(User, 1)
    notifications = client.get("/notifications", headers=headers_of(user)).json()
    assert [one["message"] for one in notifications] == ["Welcome, Ana!"]


@pytest.mark.parametrize(("field", "value"), [("name", ""), ("email", "ana"), ("password", "short"), ("role", "admin")])
def test_what_is_not_valid_is_refused(client: TestClient, field: str, value: str) -> None:
    answer = client.post("/users", json={**NEW, field: value})

    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", field]


def test_an_email_that_is_taken_is_a_conflict(client: TestClient) -> None:
    answers = [client.post("/users", json=NEW) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 409]
