import httpx

import asgi
from tests.domains.person import rows, settled, sign_up, sign_up_admin
from tests.domains.tree import Tree

AGAIN = """
from hookspecs import hookimpl

class Again:
    def __init__(self, http, event_bus):
        self.http, self.bus = http, event_bus

    @hookimpl
    async def on_boot(self):
        self.http.add_endpoint("/again/{id}", "POST", self.execute, public=True)

    async def execute(self, id: int) -> None:
        await self.bus.publish("user.created", {"id": id, "email": "again@example.com", "name": "unread"})
"""


async def test_a_new_user_is_welcomed(settings: dict[str, str], database: str) -> None:
    async with asgi.running(settings) as client:
        ana = await sign_up(client, "ana")

    # the shutdown has waited for the subscriber
    stored = rows(database, "SELECT user_id, kind, message FROM notifications")
    assert stored == [(ana.id, "welcome", "Welcome, ana@example.com!")]


async def test_a_user_is_welcomed_once_however_often_the_event_comes(
    tree: Tree, settings: dict[str, str], database: str
) -> None:
    tree.add("users/plugins/again.py", AGAIN)
    async with tree.running(settings) as (_, client):
        root = await sign_up_admin(client, database)

        for _ in range(3):
            await client.post(f"/again/{root.id}")

        status = await settled(client, root)
        assert status["dead_letters_by_group"] == {}
        assert rows(database, "SELECT message FROM notifications") == [("Welcome, root@example.com!",)]


async def test_a_user_who_was_refused_is_not_welcomed(client: httpx.AsyncClient, database: str) -> None:
    root = await sign_up_admin(client, database)
    await client.post("/users", json={"name": "Root", "email": root.email, "password": "correct horse"})

    await settled(client, root)

    assert len(rows(database, "SELECT id FROM notifications")) == 1
