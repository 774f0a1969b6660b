import httpx
import pytest

from tests.domains.tree import Tree

UNWELL = """
from hookspecs import Tool, hookimpl

class Unwell:
    '''A tool that is not well.'''

    @hookimpl
    async def check_health(self):
        raise OSError("no disk at secret://password")

@hookimpl
def register_tools():
    yield Tool("unwell", Unwell, None, lambda environ: Unwell())
"""
BROKEN = """
from hookspecs import hookimpl

class Broken:
    @hookimpl
    async def on_boot(self):
        raise OSError("no disk")
"""


async def test_a_live_process_says_so(client: httpx.AsyncClient) -> None:
    answer = await client.get("/health/live")

    assert (answer.status_code, answer.json()) == (200, {"status": "live"})


async def test_a_whole_system_is_ready(client: httpx.AsyncClient) -> None:
    answer = await client.get("/health/ready")

    assert (answer.status_code, answer.json()) == (200, {"status": "ready"})


async def test_what_is_disabled_is_not_missed(tree: Tree) -> None:
    async with tree.running(disabled=["users.login"]) as (_, client):
        answer = await client.get("/health/ready")

    assert answer.json() == {"status": "ready"}


async def test_without_a_broken_plugin_the_system_is_degraded_and_serves(tree: Tree) -> None:
    tree.add("users/plugins/broken.py", BROKEN)
    async with tree.running(quarantine=True) as (_, client):
        answer = await client.get("/health/ready")

    assert (answer.status_code, answer.json()) == (200, {"status": "degraded"})


@pytest.mark.parametrize(("path", "status"), [("/health/ready", 503), ("/health/live", 200)])
async def test_a_tool_that_is_not_well_makes_it_not_ready_and_is_not_named(tree: Tree, path: str, status: int) -> None:
    tree.add_tool("unwell", UNWELL)
    async with tree.running() as (_, client):
        answer = await client.get(path)

    assert answer.status_code == status
    assert answer.json().keys() == {"status"}
