"""The shipped app on the second work, chosen by TOOL_HTTP: nothing else is changed, and nothing else changes."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

import asgi
from kernel.errors import BootError
from tests.domains.person import log_in, settled, sign_up, sign_up_admin
from tests.domains.tree import Tree

PLAIN = {"TOOL_HTTP": "tools.http_plain"}
ANA = {"name": "Ana", "email": "ana@example.com", "password": "correct horse"}
GREEDY = '''
from hookspecs import hookimpl

class Greedy:
    """GET /greedy: serve few."""

    def __init__(self, http):
        self.http = http

    @hookimpl
    async def on_boot(self):
        self.http.add_endpoint("/greedy", "GET", self.execute, public=True, rate_limit="1/minute")

    async def execute(self) -> str:
        return "few"
'''


@pytest.fixture
def database(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/app.db"


@pytest_asyncio.fixture
async def client(database: str) -> AsyncIterator[httpx.AsyncClient]:
    async with asgi.running({"DATABASE_URL": database, **PLAIN}) as client:
        yield client


async def test_the_walk_of_the_readme_ends_with_a_welcome(client: httpx.AsyncClient, database: str) -> None:
    made = await client.post("/users", json=ANA)
    ana = await log_in(client, made.json()["id"], ANA["email"])
    await settled(client, await sign_up_admin(client, database))

    me = await client.get("/users/me", headers=ana.headers)
    welcome = await client.get("/notifications", headers=ana.headers)

    assert (made.status_code, {*made.json()}) == (201, {"id", "name", "email", "role", "created_at_utc"})
    assert me.json()["email"] == ANA["email"]
    assert [one["message"] for one in welcome.json()["items"]] == ["Welcome, ana@example.com!"]


async def test_what_is_refused_is_refused_as_before(client: httpx.AsyncClient) -> None:
    ana, bob = await sign_up(client, "ana"), await sign_up(client, "bob")
    unknown = {"name": "", "email": "x@example.com", "password": "correct horse"}

    refused = [
        await client.get("/users/me"),
        await client.get(f"/users/{bob.id}", headers=ana.headers),
        await client.get("/users/x", headers=ana.headers),
        await client.post("/users", json={**ANA, "email": "ANA@example.com"}),
        await client.post("/users", json=unknown),
    ]

    assert [one.status_code for one in refused] == [401, 403, 404, 409, 422]
    assert {one.headers["content-type"] for one in refused} == {"application/problem+json"}
    assert [one.json()["errors"][0]["pointer"] for one in refused[3:]] == ["/email", "/name"]
    assert refused[0].headers["www-authenticate"] == "Bearer"


async def test_another_system_on_the_work_without_a_choice_reads_what_this_one_has_stored(database: str) -> None:
    stored = {"DATABASE_URL": database}
    async with asgi.running(stored | PLAIN) as client:
        ana = await sign_up(client, "ana")

    async with asgi.running(stored) as client:
        assert (await log_in(client, ana.id, ana.email)).id == ana.id


async def test_a_plugin_that_needs_what_the_work_lacks_stops_the_boot_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    tree = Tree(tmp_path / "project")
    tree.add("shop/plugins/greedy.py", GREEDY)

    with pytest.raises(BootError) as caught:
        async with tree.running(PLAIN):
            raise AssertionError

    advice = "which tools.http_plain does not offer: set TOOL_HTTP=tools.http"
    assert f"/shop/plugins/greedy.py) asks http for 'rate_limit', {advice}" in str(caught.value)
