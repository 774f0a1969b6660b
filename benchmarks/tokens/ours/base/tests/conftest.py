import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from argon2 import PasswordHasher

import asgi

Rows = Callable[..., list[tuple[Any, ...]]]


class Person(NamedTuple):
    """Somebody who is logged in; the password is `correct horse`."""

    id: int
    email: str
    headers: dict[str, str]


MakePerson = Callable[..., Awaitable[Person]]


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with asgi.running({"DATABASE_URL": f"sqlite:///{tmp_path}/test.db"}) as client:
        yield client


@pytest.fixture
def rows(client: httpx.AsyncClient, tmp_path: Path) -> Rows:
    """Run a statement behind the app's back."""

    def rows(sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(tmp_path / "test.db")) as connection, connection:
            return connection.execute(sql, values).fetchall()

    return rows


@pytest.fixture
def make_person(client: httpx.AsyncClient, rows: Rows) -> MakePerson:
    async def make(email: str = "ana@example.com", role: str = "user") -> Person:
        hashed = PasswordHasher().hash("correct horse")
        insert = "INSERT INTO users (name, email, password_hash, role) VALUES ('Ana', ?, ?, ?) RETURNING id"
        [(id,)] = rows(insert, email, hashed, role)
        answer = await client.post("/auth/login", json={"email": email, "password": "correct horse"})
        return Person(id, email, {"Authorization": f"Bearer {answer.json()['access_token']}"})

    return make
