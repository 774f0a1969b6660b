"""New files on a copy of the shipped tree: they boot, keep the rules, and their tests pass."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hookspecs import Fact, Part
from manifest.scaffold.new_files import NewFileError, write_new
from manifest.scaffold.templates import plugin_files
from tests.manifest.made_up import ROOT, project, python, system

TOOLS = [Part(name, f"tools/{name}/__init__.py", kind="tool") for name in ("auth", "db", "http")]
LONGEST = "a_name_of_thirty_letters_in_it"
FIXTURES = ["conftest.py", "postgres.py", "domains/conftest.py", "domains/person.py", "domains/tree.py"]
PLUGIN = ["domains/users/plugins/ban_user.py", "tests/domains/users/test_ban_user.py"]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    project(tmp_path, {}, boots=True)
    (tmp_path / "pyproject.toml").symlink_to(ROOT / "pyproject.toml")
    shutil.copytree(ROOT / "domains", tmp_path / "domains", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "tests/domains").mkdir(parents=True)
    for name in FIXTURES:
        (tmp_path / "tests" / name).symlink_to(ROOT / "tests" / name)
    return tmp_path


def new(tree: Path, kind: str, name: str) -> list[str]:
    done = python(tree, "-m", "manifest", "new", kind, name)
    assert (done.returncode, done.stderr) == (0, "")
    *wrote, following = done.stdout.splitlines()
    files = [line.removeprefix("wrote ") for line in wrote]
    assert following == (f"next: `.venv/bin/python -m pytest {files[-1]}`; then `python -m manifest check --write`")
    return files


def run(tree: Path, *command: str) -> str:
    """Run a tool of this checkout, and answer with what it printed; it has to succeed."""
    done = subprocess.run([sys.executable, "-m", *command], cwd=tree, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.timeout(180)
def test_a_new_plugin_and_a_new_domain_boot_keep_the_rules_and_are_tested(tree: Path) -> None:
    files = [*new(tree, "domain", "billing"), *new(tree, "plugin", "billing/void_invoice")]
    files += new(tree, "plugin", "users/ban_user")
    sources = [file for file in files if file.endswith(".py")]

    run(tree, "ruff", "format", "--check", *sources)
    run(tree, "ruff", "check", *sources)
    assert " passed" in run(
        tree, "pytest", "tests", "-m", "not slow", "-p", "no:cacheprovider", "-o", "addopts=--import-mode=importlib"
    )
    checked = python(tree, "-m", "manifest", "check", "--strict", "--write")
    assert (checked.returncode, checked.stdout) == (0, "wrote AI_CONTEXT.md\nwrote docs/settings.md\n")
    routes = run(tree, "manifest", "routes")
    assert all(route in routes for route in ("/billing ", "/billing/void-invoice", "/users/ban-user"))
    assert "- billing: id integer PK, name text UNIQUE, created_at_utc" in run(tree, "manifest", "tables")


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_new_files_have_types_with_the_longest_names_too(tree: Path) -> None:
    files = [*new(tree, "domain", LONGEST), *new(tree, "plugin", f"{LONGEST}/{LONGEST}")]
    sources = [file for file in files if file.endswith(".py")]

    assert len(LONGEST) == 30
    run(tree, "ruff", "format", "--check", *sources)
    run(tree, "ruff", "check", *sources)
    assert run(tree, "mypy", *sources).startswith("Success")


def test_a_second_new_plugin_of_a_name_writes_nothing(tmp_path: Path) -> None:
    standing = system()
    standing.tools[:] = TOOLS
    assert write_new(standing, tmp_path, "plugin", "users/ban_user") == PLUGIN
    (tmp_path / PLUGIN[0]).unlink()
    (tmp_path / PLUGIN[1]).write_text("mine")

    with pytest.raises(NewFileError) as caught:
        write_new(standing, tmp_path, "plugin", "users/ban_user")

    assert str(caught.value) == f"{PLUGIN[1]} is there already, and nothing was written: choose another name"
    assert (not (tmp_path / PLUGIN[0]).exists(), (tmp_path / PLUGIN[1]).read_text()) == (True, "mine")


RULE = "small letters, digits and single underscores, a letter first, at most 30, no word of Python's, e.g. `ban_user`"
TAKEN = "already, and nothing was written: choose another name"


@pytest.mark.parametrize(
    ("kind", "name", "code", "message"),
    [
        ("plugin", "ban_user", 2,
         "a plugin's name is `<domain>/<feature>`, and 'ban_user' has no domain: write `users/ban_user`"),
        ("plugin", "users/Ban", 2, f"'Ban' cannot be a name: {RULE}"),
        ("plugin", "users/class", 2, f"'class' cannot be a name: {RULE}"),
        ("plugin", "../../etc/x", 2, f"'..' cannot be a name: {RULE}"),
        ("plugin", "users/../x", 2, f"'../x' cannot be a name: {RULE}"),
        ("domain", "a__b", 2, f"'a__b' cannot be a name: {RULE}"),
        ("domain", "a" * 31, 2, f"'{'a' * 31}' cannot be a name: {RULE}"),
        ("plugin", "users/none", 2, "'none' cannot be a name: its class would hide None: choose another"),
        ("plugin", "users/struct", 2, "'struct' cannot be a name: its class would hide Struct: choose another"),
        ("plugin", "users/test_mail", 2,
         "'test_mail' cannot be a name: pytest would take its class for a test: choose another"),
        ("domain", "page", 2, "'page' cannot be a name: its class would hide Page: choose another"),
        ("domain", "order", 2, "a table cannot be called 'order', which is a word of SQL: write e.g. `orders`"),
        ("domain", "user", 2, "a table cannot be called 'user', which is a word of SQL: write e.g. `users`"),
        ("domain", "sqlite_x", 2, "a table cannot be called 'sqlite_x', which is SQLite's own: choose another name"),
        ("domain", "legacy", 1, f"mail.old serves GET /legacy {TAKEN}"),
        ("plugin", "nope/ban", 1, "there is no domain 'nope': run `python -m manifest new domain nope` first"
                                  " (there are: mail, users)"),
        ("plugin", "users/ban_user", 1, f"users.ban serves POST /users/ban-user {TAKEN}"),
        ("domain", "orders", 1, f"old has a table 'orders' {TAKEN}"),
        ("domain", "billing", 1, f"users.ban serves GET /billing {TAKEN}"),
        ("domain", "mail", 1, "domains/mail is there already, and nothing was written:"
                              " run `python -m manifest show mail`"),
    ],
    ids=lambda value: str(value)[:20],
)  # fmt: skip
def test_a_name_that_cannot_be_or_is_taken_is_refused(
    kind: str, name: str, code: int, message: str, tmp_path: Path
) -> None:
    (tmp_path / "domains/mail").mkdir(parents=True)
    routes = [Fact("endpoint", "users.ban", route) for route in ("POST /users/ban-user", "GET /billing")]
    standing = system([*routes, Fact("table", "old", "orders"), Fact("mount", "mail.old", "/legacy")])
    standing.tools[:] = TOOLS

    with pytest.raises(NewFileError) as caught:
        write_new(standing, tmp_path, kind, name)

    assert (str(caught.value), caught.value.code) == (message, code)
    assert sorted(tmp_path.rglob("*")) == [tmp_path / "domains", tmp_path / "domains/mail"]


def test_without_auth_the_new_endpoint_is_public(tmp_path: Path) -> None:
    plugin, test = plugin_files("users", "ban_user", ["http"]).values()

    assert "            public=True,\n" in plugin
    assert "(200, {" in test and "headers" not in test


def test_without_http_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(NewFileError) as caught:
        write_new(system(), tmp_path, "plugin", "users/ban_user")

    assert str(caught.value) == "a new plugin needs the tool 'http', which nobody offers: write the file by hand"
