import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import User
from app.security import verify_password

NEW = {"name": "Ana", "email": "Ana@Example.com", "password": "correct horse"}


def test_a_new_user_is_stored_with_a_hash(client: TestClient, session: Session) -> None:
    answer = client.post("/users", json=NEW)

    assert answer.status_code == 201
    assert answer.json() == {"id": 1, "name": "Ana", "email": "ana@example.com", "role": "user"}
    user = session.scalars(select(User)).one()
    assert verify_password("correct horse", user.password_hash)


@pytest.mark.parametrize(("field", "value"), [("name", ""), ("email", "ana"), ("password", "short"), ("role", "admin")])
def test_what_is_not_valid_is_refused(client: TestClient, field: str, value: str) -> None:
    answer = client.post("/users", json={**NEW, field: value})

    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", field]


def test_an_email_is_taken_once_whatever_its_case(client: TestClient) -> None:
    client.post("/users", json=NEW)

    answer = client.post("/users", json={**NEW, "email": "ana@EXAMPLE.com"})

    assert answer.status_code == 409
