import asyncio

import httpx
import pytest

from tests.domains.tree import Tree

REMINDS = """
from datetime import UTC, datetime

from hookspecs import hookimpl


class Reminds:
    def __init__(self, http, scheduler, event_bus, db):
        self.http, self.scheduler, self.bus, self.db, self.heard = http, scheduler, event_bus, db, []

    @hookimpl
    async def on_boot(self):
        self.scheduler.every("beat", 0.1, "beat.due", {"kind": "beat"})
        self.bus.subscribe("beat.due", self.hear)
        self.bus.subscribe("reminder.due", self.hear)
        self.http.add_endpoint("/reminders", "POST", self.execute, public=True)
        self.http.add_endpoint("/heard", "GET", self.show, public=True)

    async def hear(self, payload: dict) -> None:
        self.heard.append(payload)

    async def execute(self, fails: bool = False) -> str:
        async with self.db.transaction():
            id = await self.scheduler.at(datetime.now(UTC), "reminder.due", {"fails": fails})
            if fails:
                raise ZeroDivisionError
        return id

    async def show(self) -> list[dict]:
        return self.heard
"""


async def heard(client: httpx.AsyncClient, *payloads: dict[str, object]) -> list[dict[str, object]]:
    """Wait until these were heard, and give all that was."""
    async with asyncio.timeout(10):
        while True:
            found: list[dict[str, object]] = (await client.get("/heard")).json()
            if all(one in found for one in payloads):
                return found
            await asyncio.sleep(0.01)


@pytest.fixture
def reminding(tree: Tree) -> Tree:
    tree.add("users/plugins/reminds.py", REMINDS)
    return tree


async def test_what_is_due_is_heard_by_those_who_subscribe(reminding: Tree, settings: dict[str, str]) -> None:
    async with reminding.running(settings) as (_, client):
        id = (await client.post("/reminders")).json()

        found = await heard(client, {"kind": "beat"}, {"fails": False})

    assert id.startswith("at-")
    assert found.count({"fails": False}) == 1


async def test_a_job_of_a_transaction_that_failed_is_never_due(reminding: Tree, settings: dict[str, str]) -> None:
    async with reminding.running(settings) as (_, client):
        failed = await client.post("/reminders", params={"fails": True})
        await client.post("/reminders")

        assert failed.status_code == 500
        assert {"fails": True} not in await heard(client, {"fails": False})


async def test_without_the_plugin_the_system_stands_and_jobs_say_why_they_do_not_run(reminding: Tree) -> None:
    reminding.delete("system/plugins/schedule_events.py")
    async with reminding.running() as (kernel, client):
        answer = await client.post("/reminders")
        found = [one for one in kernel.system.findings if one.code == "jobs-not-published"]

    assert answer.status_code == 500
    assert len(found) == 1 and not found[0].is_error
    assert found[0].message.endswith("remove these jobs: beat (users.reminds)")


async def test_facts_name_the_jobs_and_who_declares_them(reminding: Tree) -> None:
    async with reminding.running() as (kernel, _):
        facts = [fact for fact in kernel.system.facts if fact.kind == "job"]

    assert [(fact.owner, fact.name, fact.summary) for fact in facts] == [
        ("users.reminds", "beat", "every 0.1 s: publish beat.due")
    ]
    assert facts[0].data["stored"] is True
