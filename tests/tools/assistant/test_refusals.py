"""What cannot be taken back is not rehearsed, and who must not is not let in."""

from pathlib import Path

import httpx
import pytest

import asgi
from tests.domains.tree import Tree
from tests.tools.assistant.asking import HEADERS, ask, rehearse

TOOL = '''
from typing import Protocol

from hookspecs import Tool, hookimpl


class Pigeon(Protocol):
    """Carries letters."""
{promise}
    def send(self, letter: str) -> None:
        """Send it."""
        ...


class Post:
    def send(self, letter):
        pass


@hookimpl
def register_tools():
    return [Tool("pigeon", Pigeon, None, lambda environ: Post())]
'''
PLUGIN = '''
from hookspecs import hookimpl


class WriteHome:
    """POST /home: write a letter."""

    def __init__(self, http, pigeon):
        self.http, self.pigeon = http, pigeon

    @hookimpl
    async def on_boot(self):
        self.http.add_endpoint("/home", "POST", self.execute, public=True)
        self.http.add_endpoint("/home/{rest:path}", "GET", self.read, public=True)

    async def execute(self) -> str:
        self.pigeon.send("hello")
        return "sent"

    async def read(self, rest: str) -> str:
        return await self.execute()
'''
SHADOW = TOOL.replace('"pigeon", Pigeon', '"state", Pigeon')


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    (tmp_path / "project").mkdir()
    return Tree(tmp_path / "project")


@pytest.mark.parametrize(("method", "path"), [("POST", "/home"), ("GET", "/home/a/b"), ("HEAD", "/home/a")])
async def test_a_plugin_that_asks_for_a_tool_of_which_nothing_is_known_is_refused_by_name(
    method: str, path: str, tree: Tree
) -> None:
    tree.add_tool("pigeon", TOOL.format(promise=""))
    tree.add("post/plugins/write_home.py", PLUGIN)

    async with tree.running() as (_, client):
        told = await ask(client, "try_call", method=method, path=path)

    assert told.is_error
    assert told.text == (
        f"post.write_home ({tree.domains.name}/post/plugins/write_home.py) cannot be rehearsed: it asks for the tool "
        "'pigeon', whose effects are not known to be taken back (its contract would say `is_rehearsable = True`)"
    )


async def test_a_tool_whose_contract_promises_to_leave_nothing_is_rehearsed(tree: Tree) -> None:
    tree.add_tool("tame_pigeon", TOOL.format(promise="    is_rehearsable = True\n"))
    tree.add("post/plugins/write_home.py", PLUGIN)

    async with tree.running() as (_, client):
        told = await rehearse(client, "POST", "/home")

    assert told.startswith("200 OK by post.write_home")


async def test_a_contract_of_somebody_else_under_a_name_of_ours_promises_nothing(tree: Tree) -> None:
    tree.add_tool("other_state", SHADOW.format(promise=""))
    tree.add("post/plugins/write_home.py", PLUGIN.replace("pigeon", "state"))
    others = [f"{domain}.{file.stem}" for domain in ("users", "system")
              for file in (tree.domains / domain / "plugins").glob("*.py")
              if "state: State" in file.read_text()]  # fmt: skip

    async with tree.running({"TOOL_STATE": "tools.other_state"}, disabled=others) as (_, client):
        told = await ask(client, "try_call", method="POST", path="/home")

    assert told.is_error
    assert "asks for the tool 'state'" in told.text


async def test_without_the_plugin_that_composes_it_nothing_is_there(tree: Tree) -> None:
    tree.delete("system/plugins/serve_mcp.py")

    async with tree.running() as (_, client):
        answer = await client.post("/mcp", content="{}", headers=HEADERS)

    assert answer.status_code == 404


@pytest.mark.parametrize("client", [("192.0.2.7", 1), ("", 0), None], ids=["the network", "no address", "a socket"])
async def test_who_calls_from_elsewhere_is_refused(client: tuple[str, int] | None) -> None:
    async with asgi.running() as inside:
        app = inside._transport.app

        class Moved(httpx.ASGITransport):
            """Says that it comes from elsewhere."""

        async def moved(scope: object, receive: object, send: object) -> None:
            await app({**scope, "client": client}, receive, send)  # type: ignore[dict-item]

        async with httpx.AsyncClient(transport=Moved(moved), base_url="http://localhost") as outside:
            answer = await outside.post("/mcp", content="{}", headers=HEADERS)

    assert answer.status_code == 403
    assert answer.json()["detail"] == "this is for this machine alone"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"method": "POST"}, "Object missing required field `path`"),
        ({"method": "POST", "path": "users"}, "Expected `str` matching regex"),
        ({"method": "POST", "path": "/users", "budget": 3}, "Expected `int` >= 60 - at `$.budget`"),
        ({"method": "POST", "path": "/users", "boddy": 1}, "Object contains unknown field `boddy`"),
        ({"method": "POST", "path": "/users", "as_user": '1 a"b'}, "no token can be made for as_user"),
    ],
)
async def test_a_question_that_is_none_is_answered_with_what_is_wrong(arguments: dict[str, object], text: str) -> None:
    async with asgi.running() as client:
        told = await ask(client, "try_call", **arguments)

    assert told.is_error
    assert text in told.text


async def test_an_unknown_tool_is_answered_with_those_there_are() -> None:
    async with asgi.running() as client:
        told = await ask(client, "forget")

    assert told.is_error
    assert told.text == ("there is no tool 'forget': use one of context, inspect, try_call, logs, trace, check")


async def test_what_the_manifest_does_not_know_is_answered_with_what_it_knows() -> None:
    async with asgi.running() as client:
        domain = await ask(client, "context", domain="usrs")
        thing = await ask(client, "inspect", what="users.logn")
        both = await ask(client, "context", domain="users", task="ban a user")

    assert "did you mean 'users'?" in domain.text
    assert "did you mean 'users.login'?" in thing.text
    assert both.text == "give a task or a domain: a task chooses its domains by itself"
    assert domain.is_error
    assert thing.is_error
    assert both.is_error


async def test_words_that_begin_like_an_option_are_words() -> None:
    async with asgi.running() as client:
        helped = await ask(client, "context", domain="--help")
        budget = await ask(client, "context", domain="--budget=50000")
        task = await ask(client, "context", task="-refund")

    assert helped.text.startswith("manifest knows no domain '--help'")
    assert budget.text.startswith("manifest knows no domain '--budget=50000'")
    assert task.text.startswith("# -refund\n")


@pytest.mark.parametrize("task", ["refund\0order", "refund " * 20_000], ids=["NUL", "long"])
async def test_words_that_no_command_line_can_hold_are_refused_by_name(task: str) -> None:
    async with asgi.running() as client:
        told = await ask(client, "context", task=task)

    assert told.is_error
    assert "at `$.task`" in told.text
