from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

from app.models import User


def test_the_right_password_gives_a_token(client: TestClient, make_user: Callable[..., User]) -> None:
    make_user("ana@example.com")

    answer = client.post("/auth/login", json={"email": "Ana@example.com", "password": "correct horse"})

    assert answer.status_code == 200
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    assert client.get("/notifications", headers=headers).status_code == 200


@pytest.mark.parametrize("email", ["ana@example.com", "nobody@example.com"])
def test_a_wrong_password_is_refused(client: TestClient, make_user: Callable[..., User], email: str) -> None:
    make_user("ana@example.com")

    answer = client.post("/auth/login", json={"email": email, "password": "wrong horse"})

    assert answer.status_code == 401
