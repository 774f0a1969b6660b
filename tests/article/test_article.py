"""The code of the article that introduced MicroCoreOS runs here, with the changes that this file names and no others.

The two `.txt` files beside this one are the article's own words, their indentation restored: by the author of
https://github.com/theanibalos/MicroCoreOS, MIT licensed. The rest of `WelcomeEmailPlugin` is ours, as the article shows
only its `on_boot`.
"""

import difflib
import importlib
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest

import asgi
from tests.domains.person import rows
from tests.domains.tree import Tree

HERE = Path(__file__).parent
PLUGIN_CHANGES = {
    # the import lines
    "from core.base_plugin import BasePlugin": "from hookspecs import hookimpl",
    "from domains.users.models.user import UserEntity": "from domains.users.models import UserEntity",
    # no base class
    "class CreateUserPlugin(BasePlugin):": "class CreateUserPlugin:",
    # what the kernel calls is marked
    "    async def on_boot(self):": "    @hookimpl\n    async def on_boot(self):",
    # 100 ms of work may not run on the event loop
    "self.auth.hash_password(": "await self.auth.hash_password(",
}
PLUGIN_IMPORT = "users.plugins.create_user_plugin import CreateUserPlugin"
TEST_CHANGES = {
    f"from domains.{PLUGIN_IMPORT}": f"from {{package}}.{PLUGIN_IMPORT}",
    'hash_password.return_value = "hashed_pw"': 'hash_password = AsyncMock(return_value="hashed_pw")',
}
WELCOME = """
from hookspecs import hookimpl

class WelcomeEmailPlugin:
    def __init__(self, event_bus, db):
        self.bus, self.db = event_bus, db

    @hookimpl
    async def on_boot(self):
        await self.bus.subscribe("user.created", self.send_welcome_email)

    async def send_welcome_email(self, data: dict):
        await self.db.execute(
            "INSERT INTO notifications (user_id, kind, message) VALUES (?, 'email', ?)", (data["id"], data["email"])
        )
"""
NEW = {"name": "Ana", "email": "Ana@Example.com", "password": "correct horse"}
ANSWERS_TWICE = """
import asyncio, asgi

async def main():
    async with asgi.running({"PLUGINS_DISABLED": "users.create_user"}) as client:
        for _ in range(2):
            answer = await client.post("/users", json={"name": "Ana", "email": "ana@example.com"})
            print(answer.status_code, answer.text)

asyncio.run(main())
"""


def changed(file: str, changes: Mapping[str, str]) -> str:
    """Read the article's code, with these changes."""
    text = (HERE / file).read_text()
    for before, after in changes.items():
        assert text.count(before) == 1
        text = text.replace(before, after)
    return text


@pytest.fixture
def plugin() -> str:
    return changed("create_user_plugin.py.txt", PLUGIN_CHANGES)


@pytest.fixture
def project(tmp_path: Path, plugin: str) -> Tree:
    """The shipped tree, and the article's two plugins in it."""
    (tmp_path / "project").mkdir()
    tree = Tree(tmp_path / "project")
    tree.add("users/plugins/create_user_plugin.py", plugin)
    tree.add("emails/plugins/welcome_email_plugin.py", WELCOME)
    return tree


def test_four_changes_make_the_plugin_ours(plugin: str) -> None:
    original = (HERE / "create_user_plugin.py.txt").read_text()

    lines = [*difflib.unified_diff(original.splitlines(), plugin.splitlines(), n=0)][2:]
    assert [line for line in lines if line[0] == "-"] == [
        "-from core.base_plugin import BasePlugin",
        "-from domains.users.models.user import UserEntity",
        "-class CreateUserPlugin(BasePlugin):",
        "-            password_hash = self.auth.hash_password(user.password) if user.password else None",
    ]
    assert [line for line in lines if line[0] == "+"] == [
        "+from hookspecs import hookimpl",
        "+from domains.users.models import UserEntity",
        "+class CreateUserPlugin:",
        "+    @hookimpl",
        "+            password_hash = await self.auth.hash_password(user.password) if user.password else None",
    ]


async def test_the_plugins_own_test_passes(project: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(project.root)
    package = project.domains.name
    source = changed("create_user_plugin_test.py.txt", TEST_CHANGES).replace("{package}", package)
    project.add("test_create_user_plugin.py", source)

    await importlib.import_module(f"{package}.test_create_user_plugin").test_create_user_success()


async def test_it_serves_in_place_of_the_shipped_feature(project: Tree) -> None:
    async with project.running(disabled=["users.create_user"]) as (_, client):
        first = await client.post("/users", json=NEW)
        again = await client.post("/users", json=NEW)

        assert (first.status_code, first.json()) == (200, {"success": True, "data": {"id": 1, "name": "Ana"}})
        assert (again.status_code, again.json()["success"]) == (400, False)


async def test_its_request_model_is_validated_before_it_is_called(project: Tree) -> None:
    async with project.running(disabled=["users.create_user"]) as (_, client):
        answer = await client.post("/users", json={"name": "Ana", "email": "ana"})

        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == "/email"


@pytest.mark.parametrize(("password", "status"), [("correct horse", 200), (None, 401)], ids=["password", "none"])
async def test_its_accounts_log_in_if_they_have_a_password(project: Tree, password: str | None, status: int) -> None:
    async with project.running(disabled=["users.create_user"]) as (_, client):
        await client.post("/users", json={**NEW, "password": password})

        assert await log_in(client) == status


async def test_both_subscribers_hear_of_it(project: Tree, tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path}/app.db"
    settings = {"DATABASE_URL": database, "EVENT_BUS_URL": "memory://"}
    async with project.running(settings, disabled=["users.create_user"]) as (_, client):
        await client.post("/users", json=NEW)

    # the shutdown has waited for the subscribers
    stored = rows(database, "SELECT kind, message FROM notifications ORDER BY kind")
    assert stored == [("email", "Ana@Example.com"), ("welcome", "Welcome, Ana@Example.com!")]


@pytest.mark.slow
def test_copied_into_a_checkout_it_replaces_what_a_setting_leaves_out(tmp_path: Path, plugin: str) -> None:
    ignored = shutil.ignore_patterns(".*", "data", "__pycache__", "*.egg-info")
    checkout = Path(shutil.copytree(asgi.ROOT, tmp_path / "checkout", ignore=ignored))
    (checkout / "domains/users/plugins/create_user_plugin.py").write_text(plugin)

    run = subprocess.run(
        [sys.executable, "-c", ANSWERS_TWICE], cwd=checkout, capture_output=True, text=True, check=False
    )

    first, again = run.stdout.splitlines()
    assert first == '200 {"success":true,"data":{"id":1,"name":"Ana"}}'
    assert again.startswith('400 {"success":false,')


async def log_in(client: httpx.AsyncClient) -> int:
    credentials = {"email": "ana@example.com", "password": "correct horse"}
    return (await client.post("/auth/login", json=credentials)).status_code
