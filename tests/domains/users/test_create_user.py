import asyncio
from collections import Counter
from typing import Any

import httpx
import pytest

NEW = {"name": "Ana", "email": "Ana@Example.com", "password": "correct horse"}


async def test_a_new_user_is_answered_with_what_is_public_of_it(client: httpx.AsyncClient) -> None:
    answer = await client.post("/users", json=NEW)

    assert answer.status_code == 201
    created_at_utc = answer.json().pop("created_at_utc")
    assert answer.json() == {
        "id": 1,
        "name": "Ana",
        "email": "ana@example.com",
        "role": "user",
        "created_at_utc": created_at_utc,
    }


@pytest.mark.parametrize("field", ["id", "role", "password_hash", "created_at_utc", "is_admin"])
async def test_a_field_that_nobody_may_set_is_refused(client: httpx.AsyncClient, field: str) -> None:
    answer = await client.post("/users", json={**NEW, field: "admin"})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == f"/{field}"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "a" * 101),
        ("name", "a\nb"),
        ("name", "a\n"),
        ("name", None),
        ("email", "ana"),
        ("email", "ana@example"),
        ("email", "ana@example.com\n"),
        ("email", "ána@example.com"),
        ("email", f"{'a' * 243}@example.com"),
        ("password", "1234567"),
        ("password", "a" * 1025),
        ("password", None),
    ],
)
async def test_a_value_that_cannot_be_is_refused_by_name(client: httpx.AsyncClient, field: str, value: Any) -> None:
    answer = await client.post("/users", json={**NEW, field: value})

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"][0]["pointer"] == f"/{field}"


async def test_a_password_of_more_than_1024_bytes_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.post("/users", json={**NEW, "password": "ñ" * 600})

    assert answer.status_code == 422


async def test_an_email_in_another_case_is_the_same_account(client: httpx.AsyncClient) -> None:
    await client.post("/users", json=NEW)

    answer = await client.post("/users", json={**NEW, "email": "aNA@example.COM"})

    assert answer.status_code == 409
    assert answer.json()["detail"] == "a user with this email exists"
    assert answer.json()["errors"] == [{"detail": "a user with this email exists", "pointer": "/email"}]


async def test_of_many_who_want_one_email_at_once_one_gets_it(client: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(client.post("/users", json=NEW) for _ in range(10)))

    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 9}
