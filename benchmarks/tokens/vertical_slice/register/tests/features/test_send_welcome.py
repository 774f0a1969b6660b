from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import Notification


def test_a_new_user_is_welcomed(client: TestClient, session: Session) -> None:
    client.post("/users", json={"name": "Ana", "email": "ana@example.com", "password": "correct horse"})

    welcome = session.scalars(select(Notification)).one()
    assert (welcome.user_id, welcome.kind, welcome.message) == (1, "welcome", "Welcome, Ana!")
