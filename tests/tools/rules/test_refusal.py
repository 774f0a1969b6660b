"""A refused file leaves no trace, and what is refused or warned of is told where it matters."""

import sys
from pathlib import Path
from secrets import token_urlsafe

import pytest

import manifest
from kernel.errors import BootError
from tests.tools.rules.seeded import Seeded
from tests.tools.rules.seeds import BOOT, FILE, plugin

SERVES = "@hookimpl\nasync def on_boot(self):\n    self.http.add_endpoint('/x', 'GET', self.f, public=True)\n"
SERVES += "async def f(self) -> int: return 1\n"
REFUSED = plugin(SERVES, "from DOMAINS.mail.models import Mail\nfrom pathlib import Path\nPath('{ran}').touch()")


async def test_a_refused_file_leaves_no_trace(tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    files = {FILE: REFUSED.replace("{ran}", str(ran)), "mail/models.py": "class Mail: pass\n",
             "mail/plugins/other.py": plugin(SERVES.replace("'/x'", "'/y'"))}  # fmt: skip
    project = Seeded(tmp_path, files)

    found = await project.boot()

    assert not ran.exists()
    assert not [name for name in sys.modules if name.startswith(f"{project.folder}.users")]
    assert f"{project.folder}.mail.models" not in sys.modules
    assert (found.plugins["users.feature"].state, found.plugins["mail.other"].state) == ("broken", "ready")
    assert [fact.name for fact in found.facts if fact.kind == "endpoint"] == ["GET /y"]


async def test_every_error_of_a_file_is_told_at_once_and_stops_the_boot(tmp_path: Path) -> None:
    project = Seeded(tmp_path, {FILE: plugin(BOOT, "import tools.db\nfrom domains.mail.models import Mail")})

    with manifest.scratch() as environ, pytest.raises(BootError) as stopped, project.importable():
        await project.kernel(environ, "stop").boot()

    at = f"{project.folder}/{FILE}"
    assert str(stopped.value) == (
        "the boot stopped on 1 error:\n  1. "
        f"{at}:2: feature imports tools.db: ask for `db` in the constructor, and import its types from "
        f"tools.db.contract [import-work]; {at}:3: feature imports domains.mail.models.Mail: publish an event, or "
        "`event_bus.request` it from domain mail, with a Struct of your own for what you read [import-domain]"
    )


async def test_models_that_are_refused_keep_each_plugin_that_imports_them_from_running(tmp_path: Path) -> None:
    models = "open('/dev/null')\nimport os\nKEY = os.getenv('KEY')\nclass Mail: pass\n"
    uses, other = plugin(BOOT, "from DOMAINS.users.models import Mail"), plugin(BOOT)
    project = Seeded(tmp_path, {"users/models.py": models, "users/plugins/a.py": uses, "users/plugins/b.py": uses,
                                "users/plugins/c.py": other})  # fmt: skip

    found = await project.boot()

    assert {name: part.state for name, part in found.plugins.items()} == {
        "users.a": "broken", "users.b": "broken", "users.c": "ready"
    }  # fmt: skip
    assert f"{project.folder}.users.models" not in sys.modules
    assert [one.code for one in found.findings if not one.is_error] == ["import-environ"]


async def test_no_rule_is_asked_in_production(tmp_path: Path) -> None:
    files = {FILE: plugin(BOOT, "import tools.db"), "mail/plugins/other.py": plugin(BOOT, "import os\nos.getenv('A')")}
    project = Seeded(tmp_path, files)

    found = await project.boot({"ENV": "production", "HTTP_HOSTS": "localhost", "AUTH_SECRET": token_urlsafe(48)})

    assert found.findings == []
    assert {part.state for part in found.plugins.values()} == {"ready"}
    assert not [*tmp_path.rglob("rules.*.json")]


async def test_a_file_that_is_no_python_is_told_by_its_import(tmp_path: Path) -> None:
    found = await Seeded(tmp_path, {FILE: "def a(:\n", "mail/plugins/other.py": plugin(BOOT)}).boot()

    assert ["SyntaxError" in error for error in found.errors] == [True]


async def test_two_routes_that_differ_in_a_placeholders_name_only_are_one(tmp_path: Path) -> None:
    serves = "@hookimpl\nasync def on_boot(self):\n    self.http.add_endpoint('{}', 'GET', self.f, public=True)\n"
    serves += "async def f(self{}) -> int: return 1\n"
    files = {"users/plugins/a.py": plugin(serves.format("/x/{id}", ", id: str")),
             "users/plugins/b.py": plugin(serves.format("/x/{name}", ", name: str"))}  # fmt: skip

    found = await Seeded(tmp_path, files).boot()

    assert found.plugins["users.a"].state == "ready"
    assert found.plugins["users.b"].state == "broken"
    assert "/x/{name}" in found.errors[0]
    assert "users.a" in found.errors[0]
