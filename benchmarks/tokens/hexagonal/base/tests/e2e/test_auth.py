from collections.abc import Callable

from fastapi.testclient import TestClient

from app.domain.user import User


def test_login(client: TestClient, make_user: Callable[..., User]) -> None:
    make_user("ana@example.com")

    right = client.post("/auth/login", json={"email": "ana@example.com", "password": "correct horse"})
    wrong = client.post("/auth/login", json={"email": "ana@example.com", "password": "wrong horse"})

    assert (right.status_code, wrong.status_code) == (200, 401)
    assert right.json()["token_type"] == "bearer"
