import httpx
import pytest

from tests.conftest import Rows

NEW = {"name": "Ana", "email": "Ana@Example.com", "password": "correct horse"}


async def test_a_new_user_is_stored_with_a_hash(client: httpx.AsyncClient, rows: Rows) -> None:
    answer = await client.post("/users", json=NEW)

    assert answer.status_code == 201
    assert answer.json() == {"id": 1, "name": "Ana", "email": "ana@example.com", "role": "user"}
    [(hashed,)] = rows("SELECT password_hash FROM users")
    assert hashed.startswith("$argon2id$")


@pytest.mark.parametrize(("field", "value"), [("name", ""), ("email", "ana"), ("password", "short"), ("role", "admin")])
async def test_what_is_not_valid_is_refused(client: httpx.AsyncClient, field: str, value: str) -> None:
    answer = await client.post("/users", json={**NEW, field: value})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == f"/{field}"


async def test_an_email_is_taken_once_whatever_its_case(client: httpx.AsyncClient) -> None:
    await client.post("/users", json=NEW)

    answer = await client.post("/users", json={**NEW, "email": "ana@EXAMPLE.com"})

    assert answer.status_code == 409
