"""What is not in the database is not kept either: cached answers, counts, the write lock, what middleware sends."""

import asyncio
import sys
from pathlib import Path

import pytest

from tests.domains.tree import Tree
from tests.tools.assistant.asking import ask, rehearse
from tests.tools.assistant.test_refusals import TOOL

PLUGIN = '''
import asyncio

from hookspecs import hookimpl
from tools.db.contract import Db, Migration
from tools.http.contract import Http


class CountVisits:
    """GET /visits: count this one, and tell how many there were."""

    def __init__(self, http: Http, db: Db) -> None:
        self.http, self.db = http, db

    @hookimpl
    def register_migrations(self) -> list[Migration]:
        return [Migration("001_visits", "CREATE TABLE visits (id INTEGER PRIMARY KEY)")]

    @hookimpl
    async def on_boot(self) -> None:
        self.http.add_endpoint("/visits", "GET", self.execute, public=True)
        self.http.add_endpoint("/visits/cached", "GET", self.execute, public=True, cache_s=60)
        self.http.add_endpoint("/visits/limited", "GET", self.execute, public=True, rate_limit="2/hour")
        self.http.add_endpoint("/visits/stubborn", "GET", self.stubborn, public=True)

    async def execute(self) -> int:
        await self.db.execute("INSERT INTO visits DEFAULT VALUES")
        return len(await self.db.query("SELECT id FROM visits"))

    async def stubborn(self) -> int:
        visits = await self.execute()
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                await self.execute()
'''
MIDDLEWARE = '''
from hookspecs import Middleware, hookimpl


class TellHome:
    """Write home about each request."""

    def __init__(self, pigeon):
        self.pigeon = pigeon

    @hookimpl
    def register_middleware(self):
        return [Middleware(self.around)]

    def around(self, app):
        async def seen(scope, receive, send):
            if scope["type"] == "http":
                self.pigeon.send(scope["path"])
            await app(scope, receive, send)
        return seen
'''


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    (tmp_path / "project").mkdir()
    made = Tree(tmp_path / "project")
    made.add("visits/plugins/count_visits.py", PLUGIN)
    return made


async def test_the_answer_of_a_rehearsal_is_cached_for_nobody(tree: Tree) -> None:
    async with tree.running() as (_, client):
        for _ in range(2):
            await client.get("/visits")
        told = await rehearse(client, "GET", "/visits/cached")
        assert "\n3\n" in told

        await client.get("/visits")
        real = await client.get("/visits/cached")

    assert real.json() == 4


async def test_a_rehearsal_counts_in_no_limit_where_counters_are_in_this_process(tree: Tree) -> None:
    tree.delete("system/plugins/share_counters.py")

    async with tree.running() as (_, client):
        told = [await rehearse(client, "GET", "/visits/limited") for _ in range(3)]
        real = await client.get("/visits/limited")

    assert [one[:4] for one in told] == ["200 "] * 3
    assert (real.status_code, real.headers["ratelimit-remaining"]) == (200, "1")


async def test_a_handler_that_swallows_its_cancellation_holds_nobody_up(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tools.assistant.stage.LONGEST_S", 0.2)
    async with tree.running() as (_, client):
        async with asyncio.timeout(10):
            told = await rehearse(client, "GET", "/visits/stubborn")
            real = await client.get("/visits")

    assert "ended: it did not end within 0.2 s" in told
    assert real.json() == 1


async def test_a_plugin_around_every_request_is_refused_for_its_tools_too(tree: Tree) -> None:
    tree.add_tool(
        "pigeon", TOOL.format(promise="").replace("        pass\n", "        SENT.append(letter)\n\n\nSENT = []\n")
    )
    tree.add("post/plugins/tell_home.py", MIDDLEWARE)

    async with tree.running() as (_, client):
        sys.modules["tools.pigeon"].SENT.clear()
        told = await ask(client, "try_call", method="GET", path="/visits")

    assert told.is_error
    assert told.text.startswith("post.tell_home (")
    assert "asks for the tool 'pigeon'" in told.text
    assert sys.modules["tools.pigeon"].SENT == ["/mcp/"]
