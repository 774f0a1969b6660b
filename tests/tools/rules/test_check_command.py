"""`python -m manifest check`: warnings fail it with --strict, and --json prints every finding and waiver."""

import json
import shutil
from pathlib import Path

import pytest

from tests.manifest.made_up import ROOT, SHARED, project, python
from tests.tools.rules.seeds import BOOT, plugin

WARNS = plugin(BOOT, "import os\nKEY = os.getenv('KEY')")
REFUSED = plugin(BOOT, "import tools.db\nimport kernel.call")
WAIVED = plugin(BOOT, "import tools.db  # rule-ok: import-work it is only a test")


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """The shipped app, with domains of its own and fresh files."""
    for name in SHARED:
        (tmp_path / name).symlink_to(ROOT / name)
    shutil.copytree(ROOT / "domains", tmp_path / "domains", ignore=shutil.ignore_patterns("__pycache__"))
    return project(tmp_path, {"domains/users/plugins/waived.py": WAIVED})


def test_warnings_fail_only_where_it_is_strict(app: Path) -> None:
    project(app, {"domains/users/plugins/warns.py": WARNS})

    lenient = python(app, "-m", "manifest", "check", "--write")
    strict = python(app, "-m", "manifest", "check", "--strict")

    said = "warning: domains/users/plugins/warns.py:3: the environment is read when the file is imported: "
    said += "read settings in the constructor, with `config.read(<a Struct>)` [import-environ]\n"
    said += "waived: domains/users/plugins/waived.py:2: it is only a test [import-work]\n"
    assert (lenient.returncode, lenient.stdout.partition("settings.md\n")[2]) == (0, said)
    assert (strict.returncode, strict.stdout) == (1, said)


def test_json_has_what_is_stale_each_finding_and_each_waiver(app: Path) -> None:
    project(app, {"domains/users/plugins/refused.py": REFUSED, "domains/users/plugins/warns.py": WARNS})

    done = python(app, "-m", "manifest", "check", "--json")

    answer = json.loads(done.stdout)
    assert done.returncode == 1
    assert answer["stale"] == ["AI_CONTEXT.md", "docs/settings.md"]
    assert [(one["code"], one["file"], one["line"], one["is_error"]) for one in answer["findings"]] == [
        ("import-environ", "domains/users/plugins/warns.py", 3, False),
        ("import-upward", "domains/users/plugins/refused.py", 3, True),
        ("import-work", "domains/users/plugins/refused.py", 2, True),
    ]
    assert answer["waivers"] == [
        {"file": "domains/users/plugins/waived.py", "line": 2, "code": "import-work", "reason": "it is only a test"}
    ]


def test_json_has_a_plugin_that_is_broken_otherwise(app: Path) -> None:
    project(app, {"domains/users/plugins/broken.py": plugin("@hookimpl\nasync def on_boot(self): raise OSError('no')")})

    answer = json.loads(python(app, "-m", "manifest", "check", "--json").stdout)

    assert [(one["code"], one["is_error"]) for one in answer["findings"]] == [("broken-plugin", True)]
    assert "OSError: no" in answer["findings"][0]["message"]
