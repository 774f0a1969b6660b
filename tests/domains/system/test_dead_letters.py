"""What administrators see and do about events that failed, and what followed from a request."""

from typing import Any

import httpx
import pytest

from tests.domains.person import Person, settled, sign_up, sign_up_admin
from tests.domains.tree import Tree

MOODY = """
from hookspecs import hookimpl

class Moody:
    mood = "bad"

    def __init__(self, event_bus, http):
        self.bus, self.http = event_bus, http

    @hookimpl
    async def on_boot(self):
        self.bus.subscribe("user.created", self.execute, retries=1, backoff=0)
        self.bus.subscribe("user.greeted", self.hear)
        self.http.add_endpoint("/mood", "PUT", self.be, public=True)

    async def be(self, mood: str) -> str:
        self.mood = mood
        return mood

    async def execute(self, user):
        if self.mood == "bad":
            raise LookupError("no such thing")
        await self.bus.publish("user.greeted", {"id": user["id"]})

    async def hear(self, user):
        pass
"""


@pytest.fixture(params=["memory://", "db://"])
def settings(settings: dict[str, str], request: pytest.FixtureRequest) -> dict[str, str]:
    return settings | {"EVENT_BUS_URL": request.param}


async def letters(client: httpx.AsyncClient, admin: Person, **query: Any) -> dict[str, Any]:
    answer = await client.get("/system/dead-letters", params=query, headers=admin.headers)
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


async def test_an_event_that_failed_is_listed_replayed_and_dropped(
    tree: Tree, settings: dict[str, str], database: str
) -> None:
    tree.add("users/plugins/moody.py", MOODY)
    async with tree.running(settings) as (_, client):
        root = await sign_up_admin(client, database)
        ana = await sign_up(client, "ana")
        await settled(client, root)

        page = await letters(client, root, limit=1)
        [first] = page["items"]
        [second] = (await letters(client, root, after=page["next_cursor"]))["items"]
        assert (first["event"], first["group"], first["attempts"]) == ("user.created", "users.moody.execute", 2)
        assert (first["error"], first["state"]) == ("LookupError: no such thing", "dead")
        assert second["payload"] == {"id": ana.id, "email": ana.email}

        await client.put("/mood", params={"mood": "good"})
        replayed = await client.post(f"/system/dead-letters/{first['id']}/replay", headers=root.headers)
        dropped = await client.post(f"/system/dead-letters/{second['id']}/drop", headers=root.headers)
        again = [
            (await client.post(f"/system/dead-letters/{one['id']}/{verb}", headers=root.headers)).status_code
            for one in (first, second)
            for verb in ("replay", "drop")
        ]
        await settled(client, root)

        assert (replayed.status_code, dropped.status_code, again) == (204, 204, [404] * 4)
        assert (await letters(client, root))["items"] == []


async def test_what_followed_from_a_request_is_a_tree(tree: Tree, settings: dict[str, str], database: str) -> None:
    tree.add("users/plugins/moody.py", MOODY)
    async with tree.running(settings) as (_, client):
        root = await sign_up_admin(client, database)
        await client.put("/mood", params={"mood": "good"})
        new = {"name": "Bob", "email": "bob@example.com", "password": "correct horse"}
        answer = await client.post("/users", json=new, headers={"x-request-id": "request-of-bob"})
        await settled(client, root)

        found = await client.get(f"/system/traces/{answer.headers['x-request-id']}", headers=root.headers)
        unknown = await client.get("/system/traces/nobodys", headers=root.headers)

        [created] = found.json()["events"]
        [greeted] = created["caused"]
        assert (created["event"], greeted["event"], greeted["caused"]) == ("user.created", "user.greeted", [])
        assert {one["group"]: one["state"] for one in created["deliveries"]} == {
            "notifications.send_welcome.execute": "done",
            "users.moody.execute": "done",
        }
        assert [one["attempts"] for one in greeted["deliveries"]] == [1]
        assert unknown.status_code == 404
