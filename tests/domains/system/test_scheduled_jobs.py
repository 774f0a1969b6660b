from datetime import datetime

import httpx
import pytest

from tests.domains.person import Person, sign_up_admin
from tests.domains.tree import Tree

DIGEST = """
from hookspecs import hookimpl

class Digest:
    def __init__(self, scheduler):
        self.scheduler = scheduler

    @hookimpl
    async def on_boot(self):
        self.scheduler.cron("digest", "0 7 * * *", "digest.due", {"kind": "daily"})
        self.scheduler.every("weekly", 604_800, "weekly.due")
"""


@pytest.fixture
def scheduling(tree: Tree) -> Tree:
    tree.add("users/plugins/digest.py", DIGEST)
    return tree


async def test_administrators_list_cancel_and_resume(scheduling: Tree, settings: dict[str, str], database: str) -> None:
    async with scheduling.running(settings) as (_, client):
        root = await sign_up_admin(client, database)

        async def states() -> dict[str, str]:
            items = (await client.get("/system/jobs", headers=root.headers)).json()["items"]
            return {one["id"]: one["state"] for one in items}

        before = await states()
        statuses = [
            (await client.post("/system/jobs/digest/cancel", headers=root.headers)).status_code,
            (await client.post("/system/jobs/digest/cancel", headers=root.headers)).status_code,
        ]
        cancelled = await states()
        statuses += [
            (await client.post("/system/jobs/digest/resume", headers=root.headers)).status_code,
            (await client.post("/system/jobs/nothing/resume", headers=root.headers)).status_code,
        ]

        assert before == {"digest": "scheduled", "weekly": "scheduled"}
        assert cancelled == {"digest": "cancelled", "weekly": "scheduled"}
        assert await states() == before
        assert statuses == [204, 404, 204, 404]


async def test_jobs_come_a_page_at_a_time(scheduling: Tree, settings: dict[str, str], database: str) -> None:
    async with scheduling.running(settings) as (_, client):
        root = await sign_up_admin(client, database)

        first = (await client.get("/system/jobs", params={"limit": 1}, headers=root.headers)).json()
        second = (
            await client.get("/system/jobs", params={"limit": 1, "after": first["next_cursor"]}, headers=root.headers)
        ).json()

    assert [one["id"] for one in first["items"] + second["items"]] == ["digest", "weekly"]
    assert first["items"][0]["payload"] == {"kind": "daily"}
    assert datetime.fromisoformat(first["items"][0]["due_at_utc"]).hour == 7


async def test_others_neither_see_nor_cancel(client: httpx.AsyncClient, ana: Person) -> None:
    answers = [
        await client.get("/system/jobs", headers=ana.headers),
        await client.post("/system/jobs/digest/cancel", headers=ana.headers),
        await client.post("/system/jobs/digest/resume", headers=ana.headers),
    ]

    assert [answer.status_code for answer in answers] == [403, 403, 403]
