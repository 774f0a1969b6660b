"""People who use the system under test."""

import asyncio
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any, NamedTuple

import asyncpg
import httpx

from tools.db.statement import numbered

PASSWORD = "correct horse"


class Person(NamedTuple):
    """Somebody with an account and a session."""

    id: int
    email: str
    access_token: str
    refresh_token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.access_token}"}


async def sign_up(client: httpx.AsyncClient, name: str = "ana") -> Person:
    """Make an account, and log in."""
    answer = await client.post("/users", json={"name": name, "email": f"{name}@example.com", "password": PASSWORD})
    assert answer.status_code == 201, answer.text
    return await log_in(client, answer.json()["id"], answer.json()["email"])


async def log_in(client: httpx.AsyncClient, id: int, email: str) -> Person:
    """Begin one more session."""
    answer = await client.post("/auth/login", json={"email": email, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    return Person(id, email, answer.json()["access_token"], answer.json()["refresh_token"])


async def sign_up_admin(client: httpx.AsyncClient, database: str, name: str = "root") -> Person:
    """Make an account that is an administrator's."""
    person = await sign_up(client, name)
    rows(database, "UPDATE users SET role = 'admin' WHERE id = ?", person.id)
    return await log_in(client, person.id, person.email)


def rows(database: str, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    """Run a statement behind the system's back, on the database of this URL."""
    if database.startswith("postgresql"):
        with ThreadPoolExecutor(1) as pool:  # a loop of its own: the system's is busy with the test
            return pool.submit(asyncio.run, _rows(database, numbered(sql, {}), values)).result()
    with closing(sqlite3.connect(database.removeprefix("sqlite:///"))) as connection, connection:
        return connection.execute(sql, values).fetchall()


async def _rows(database: str, sql: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    connection = await asyncpg.connect(database)
    try:
        return [tuple(row) for row in await connection.fetch(sql, *values)]
    finally:
        await connection.close()


async def settled(client: httpx.AsyncClient, admin: Person) -> dict[str, Any]:
    """Wait until every event is handled, and answer with the status then."""
    async with asyncio.timeout(5):
        while True:
            status: dict[str, Any] = (await client.get("/system/status", headers=admin.headers)).json()
            if not status["pending_deliveries"]:
                return status
