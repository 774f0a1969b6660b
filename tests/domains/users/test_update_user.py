import asyncio
from typing import Any

import httpx
import pytest

import asgi
from tests.domains.person import PASSWORD, Person, rows, settled, sign_up, sign_up_admin
from tests.domains.tree import Tree


async def patch(client: httpx.AsyncClient, who: Person, id: int, **changes: Any) -> httpx.Response:
    return await client.patch(f"/users/{id}", json=changes, headers=who.headers)


async def test_what_is_left_out_stays(client: httpx.AsyncClient, ana: Person) -> None:
    answer = await patch(client, ana, ana.id, name="Anna")

    assert answer.status_code == 200
    assert (answer.json()["name"], answer.json()["email"]) == ("Anna", ana.email)


async def test_an_email_changes_in_lower_case(client: httpx.AsyncClient, ana: Person) -> None:
    answer = await patch(client, ana, ana.id, email="Anna@Example.com")

    assert answer.json()["email"] == "anna@example.com"


async def test_the_email_of_another_account_is_refused_in_any_case(
    client: httpx.AsyncClient, ana: Person, bob: Person
) -> None:
    answer = await patch(client, ana, ana.id, email=bob.email.upper())

    assert answer.status_code == 409
    assert answer.json()["errors"][0]["pointer"] == "/email"


@pytest.mark.parametrize("sent", [{}, {"current_password": "wrong horse"}], ids=["none", "wrong"])
async def test_a_new_password_needs_the_current_one(
    client: httpx.AsyncClient, ana: Person, sent: dict[str, str]
) -> None:
    answer = await patch(client, ana, ana.id, password="another horse", **sent)

    assert answer.status_code == 403
    assert answer.json()["errors"][0]["pointer"] == "/current_password"


async def test_a_new_password_ends_every_session_and_the_old_password(client: httpx.AsyncClient, ana: Person) -> None:
    answer = await patch(client, ana, ana.id, password="another horse", current_password=PASSWORD)

    refreshed = await client.post("/auth/refresh", json={"refresh_token": ana.refresh_token})
    old = await client.post("/auth/login", json={"email": ana.email, "password": PASSWORD})
    new = await client.post("/auth/login", json={"email": ana.email, "password": "another horse"})
    assert [one.status_code for one in (answer, refreshed, old, new)] == [200, 401, 401, 200]


async def test_a_stolen_token_cannot_guess_the_password_for_ever(settings: dict[str, str]) -> None:
    async with asgi.running({**settings, "LOGIN_ATTEMPTS_PER_ACCOUNT": "2"}) as client:
        ana = await sign_up(client)
        guess = {"password": "another horse", "current_password": "wrong horse"}

        answers = [await patch(client, ana, ana.id, **guess) for _ in range(3)]

        assert [answer.status_code for answer in answers] == [403, 403, 429]


async def test_nobody_gets_a_role_by_asking(client: httpx.AsyncClient, ana: Person, root: Person) -> None:
    answers = [await patch(client, ana, ana.id, role="admin"), await patch(client, root, root.id, role="user")]

    assert [answer.status_code for answer in answers] == [403, 403]


async def test_an_administrator_changes_the_role_and_the_password_of_others(
    client: httpx.AsyncClient, ana: Person, root: Person
) -> None:
    answer = await patch(client, root, ana.id, role="admin", password="another horse")

    login = await client.post("/auth/login", json={"email": ana.email, "password": "another horse"})
    listed = await client.get("/users", headers={"authorization": f"Bearer {login.json()['access_token']}"})
    assert (answer.json()["role"], listed.status_code) == ("admin", 200)


async def test_the_last_administrator_stays_one(client: httpx.AsyncClient, root: Person, database: str) -> None:
    other = await sign_up_admin(client, database, "other")

    answers = [await patch(client, root, other.id, role="user"), await patch(client, other, root.id, role="user")]

    assert [answer.status_code for answer in answers] == [200, 403]
    assert rows(database, "SELECT id FROM users WHERE role = 'admin'") == [(root.id,)]


async def test_an_account_that_is_gone_is_not_found(client: httpx.AsyncClient, root: Person) -> None:
    answer = await patch(client, root, 99, name="Nobody")

    assert answer.status_code == 404


async def test_a_change_is_published(tree: Tree, settings: dict[str, str], database: str) -> None:
    tree.add("users/plugins/rename.py", RENAME)
    async with tree.running(settings) as (_, client):
        root = await sign_up_admin(client, database)

        await patch(client, root, root.id, name="Root")

        await settled(client, root)
        assert rows(database, "SELECT email FROM users") == [(f"updated-{root.id}@example.com",)]


RENAME = """
from hookspecs import hookimpl

class Rename:
    def __init__(self, event_bus, db):
        self.bus, self.db = event_bus, db

    @hookimpl
    async def on_boot(self):
        self.bus.subscribe("user.updated", self.execute)

    async def execute(self, user):
        email = f"updated-{user['id']}@example.com"
        await self.db.execute("UPDATE users SET email = ? WHERE id = ?", (email, user["id"]))
"""


async def test_an_administrator_who_was_deleted_changes_nobody_with_the_token_that_is_left(
    client: httpx.AsyncClient, root: Person, database: str
) -> None:
    other = await sign_up_admin(client, database, "other")
    await client.delete(f"/users/{other.id}", headers=root.headers)

    changed = await patch(client, other, root.id, password="taken over")
    deleted = await client.delete(f"/users/{root.id}", headers=other.headers)

    assert (changed.status_code, deleted.status_code) == (403, 403)


async def test_an_administrator_needs_the_current_password_for_a_new_one_too(
    client: httpx.AsyncClient, root: Person
) -> None:
    answer = await patch(client, root, root.id, password="another horse")

    assert answer.status_code == 403
    assert answer.json()["errors"][0]["pointer"] == "/current_password"


async def test_of_password_changes_side_by_side_with_one_current_password_one_is_stored(
    client: httpx.AsyncClient, ana: Person
) -> None:
    changes = [{"password": f"another horse {n}", "current_password": PASSWORD} for n in range(3)]

    answers = await asyncio.gather(*(patch(client, ana, ana.id, **one) for one in changes))

    assert sorted(answer.status_code for answer in answers) == [200, 403, 403]
