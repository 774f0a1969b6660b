"""The command line on a throwaway tool and domains: an app as a stranger has it."""

from pathlib import Path

import pytest

from tests.manifest.made_up import ROOT, project, python

TOOL = '''
from typing import Protocol
from hookspecs import Tool, hookimpl

class Box(Protocol):
    """Holds."""

    def put(self, name: str) -> None:
        """Put it in."""
        ...

@hookimpl
def register_tools():
    from tools.box.work import Work
    return [Tool("box", Box, None, Work)]
'''
WORK = """
from hookspecs import Command, Refusal, hookimpl

class Work:
    def __init__(self, environ): self.environ = environ
    def put(self, name): raise OSError("no room")
    @hookimpl
    def register_commands(self):
        def refuse(arguments): raise Refusal(409, "not now")
        async def where(arguments):
            print(arguments.word, self.environ.get("WORD", "scratch"), self.environ.get("DB_MIGRATE"))
            return 3
        add = lambda parser: parser.add_argument("word")
        return [Command("scratchy", "s", add, where), Command("real", "r", add, where, real=True),
                Command("migrate", "m", add, where, real=True),
                ("refuse", "r", lambda parser: None, refuse, False)]
"""
BROKEN = "users.hello (domains/users/plugins/hello.py): on_boot failed: OSError: no room (at tools/box/work.py:6)"
ALL = "there are: check, events, inspect, migrate, new, real, refuse, scratchy, settings, show, tables, tools, why"
PLUGIN = '''
from hookspecs import hookimpl

class Hello:
    """Say hello."""
    def __init__(self, box): self.box = box
    @hookimpl
    async def on_boot(self): {body}
'''


@pytest.fixture
def app(tmp_path: Path) -> Path:
    for name in ("asgi.py", "hookspecs.py", "kernel", "manifest"):
        (tmp_path / name).symlink_to(ROOT / name)
    files = {"tools/box/__init__.py": TOOL, "tools/box/work.py": WORK}
    files |= {"domains/users/plugins/hello.py": PLUGIN.format(body="pass")}
    return project(tmp_path, files)


def break_plugin(app: Path) -> None:
    project(app, {"domains/users/plugins/hello.py": PLUGIN.format(body="self.box.put('x')")})


def test_without_a_command_the_index_is_printed(app: Path) -> None:
    done = python(app, "-m", "manifest")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("put(name)\n```\n\n## users\n\n- hello: Say hello.\n")


def test_a_domain_is_printed_with_what_is_broken_in_it(app: Path) -> None:
    break_plugin(app)

    done = python(app, "-m", "manifest", "show", "users")

    title = "# users\n\n## users.hello (domains/users/plugins/hello.py)"
    assert done.stdout == f"{title}\n\n- broken: {BROKEN}\n"
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["shw"], f"manifest knows no command 'shw': did you mean 'show'? ({ALL})\n"),
        (["show", "user"], "manifest knows no domain 'user': did you mean 'users'? (there are: users)\n"),
    ],
    ids=["command", "domain"],
)  # fmt: skip
def test_an_unknown_name_is_answered_with_the_nearest(arguments: list[str], message: str, app: Path) -> None:
    done = python(app, "-m", "manifest", *arguments)

    assert (done.returncode, done.stdout, done.stderr) == (2, "", message)


@pytest.mark.parametrize(
    ("command", "printed"),
    [("scratchy", "hi scratch None\n"), ("real", "hi real None\n"), ("migrate", "hi real false\n")],
    ids=["scratch", "real", "migrate"],
)
def test_only_a_real_command_gets_the_real_settings(command: str, printed: str, app: Path) -> None:
    done = python(app, "-m", "manifest", command, "hi", WORD="real")

    assert (done.returncode, done.stdout, done.stderr) == (3, printed, "")


def test_a_real_command_on_a_broken_system_says_what_is_broken(app: Path) -> None:
    break_plugin(app)

    done = python(app, "-m", "manifest", "real", "hi")

    assert done.returncode == 1
    assert done.stderr.endswith(f"the boot stopped on 1 error:\n  1. {BROKEN}\n")
    assert "Traceback" not in done.stderr


def test_a_refusing_command_shows_its_reason_and_no_traceback(app: Path) -> None:
    done = python(app, "-m", "manifest", "refuse")

    assert (done.returncode, done.stderr) == (1, "not now\n")


def test_check_tells_stale_from_fresh(app: Path) -> None:
    stale = python(app, "-m", "manifest", "check")
    written = python(app, "-m", "manifest", "check", "--write")
    fresh = python(app, "-m", "manifest", "check")

    again = "is not what stands: run `python -m manifest check --write`\n"
    assert (stale.returncode, stale.stdout) == (1, f"AI_CONTEXT.md {again}docs/settings.md {again}")
    assert (written.returncode, written.stdout) == (0, "wrote AI_CONTEXT.md\nwrote docs/settings.md\n")
    assert (fresh.returncode, fresh.stdout) == (0, "")


def test_check_fails_on_a_broken_plugin_and_on_a_finding(app: Path) -> None:
    rule = "from hookspecs import Finding, hookimpl\nclass Rule:\n    @hookimpl\n    def check(self):\n"
    rule += "        return [Finding('odd', 'it is odd', 'a.py', 3), Finding('dull', 'it is dull', is_error=False)]\n"
    project(app, {"domains/users/plugins/rule.py": rule})
    break_plugin(app)

    done = python(app, "-m", "manifest", "check", "--write")

    assert done.returncode == 1
    assert done.stdout.splitlines()[2:] == [
        "warning: it is dull [dull]",
        "error: a.py:3: it is odd [odd]",
        f"error: {BROKEN}",
    ]


def test_help_lists_every_command(app: Path) -> None:
    done = python(app, "-m", "manifest", "--help")

    assert done.returncode == 0
    assert all(
        f"\n    {name} " in done.stdout
        for name in ("show", "check", "settings", "scratchy", "real", "refuse", "migrate")
    )


def test_settings_are_those_of_the_tree(app: Path) -> None:
    done = python(app, "-m", "manifest", "settings")

    assert "| kernel | `BOOT_TIMEOUT_S` | float > 0, <= 86,400 | `10.0` |" in done.stdout
    assert "`DATABASE_URL`" not in done.stdout


def test_two_offers_of_one_command_are_told(app: Path) -> None:
    taken = "from hookspecs import Command, hookimpl\nclass Taken:\n    @hookimpl\n    def register_commands(self):\n"
    taken += "        return [Command('show', '', lambda parser: None, lambda arguments: 0)]\n"
    project(app, {"domains/users/plugins/taken.py": taken})

    done = python(app, "-m", "manifest")

    message = "users.taken offers command 'show', which there is already: rename it\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", message)


def test_a_page_is_printed_for_events_tables_and_tools(app: Path) -> None:
    pages = [python(app, "-m", "manifest", *page) for page in (["events"], ["tables"], ["tools"], ["tools", "box"])]

    assert [(page.returncode, page.stderr) for page in pages] == [(0, "")] * 4
    assert [page.stdout.splitlines()[0] for page in pages] == [
        "# Events",
        "# Tables",
        "# Tools",
        "# box (tools/box/__init__.py)",
    ]


@pytest.mark.parametrize("asked", ["users.hello", "users/hello", "domains/users/plugins/hello.py"])
def test_why_takes_a_name_or_a_file(asked: str, app: Path) -> None:
    done = python(app, "-m", "manifest", "why", asked)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("# users.hello (domains/users/plugins/hello.py)\n\nIt runs (on scratch settings).")
    assert "- box: tools/box/__init__.py, tools.box.Box, not wrapped\n" in done.stdout


def test_why_knows_the_setting_that_disables_and_the_error_that_breaks(app: Path) -> None:
    disabled = python(app, "-m", "manifest", "why", "users.hello", PLUGINS_DISABLED="users.hello")
    shown = python(app, "-m", "manifest", "show", PLUGINS_DISABLED="users.hello")
    break_plugin(app)
    broken = python(app, "-m", "manifest", "why", "users.hello")

    assert (disabled.returncode, broken.returncode) == (1, 1)
    assert "It does not run: PLUGINS_DISABLED names it" in disabled.stdout
    assert "Say hello.\n" in shown.stdout
    assert f"It does not run: {BROKEN}\n" in broken.stdout


def test_why_names_who_wraps_a_tool(app: Path) -> None:
    wrapper = "from hookspecs import hookimpl\n@hookimpl\ndef wrap_tool(name, tool):\n"
    wrapper += "    return tool if name == 'box' and tool.put else None\n"
    project(app, {"tools/wrapper/__init__.py": wrapper})

    done = python(app, "-m", "manifest", "why", "users.hello")

    assert "- box: tools/box/__init__.py, tools.box.Box, wrapped by tools.wrapper\n" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["why", "users.helo"], "manifest knows no plugin 'users.helo': did you mean 'users.hello'?"
                                " (there are: users.hello)\n"),
        (["tools", "bux"], "manifest knows no tool 'bux': did you mean 'box'? (there are: box)\n"),
        (["show", "--task", " "], 'the task is empty: write what is to be added, e.g. --task "refund an order"\n'),
        (["show", "--budget", "20"], "a budget of 20 tokens holds not even the beginning: give at least 60\n"),
        (["new", "plugin", "users/hi"], "a new plugin needs the tool 'http', which nobody offers:"
                                        " write the file by hand\n"),
    ],
    ids=["plugin", "tool", "task", "budget", "new"],
)  # fmt: skip
def test_what_cannot_be_shown_or_made_says_why(arguments: list[str], message: str, app: Path) -> None:
    done = python(app, "-m", "manifest", *arguments)

    assert (done.returncode, done.stdout, done.stderr) == (1 if arguments[0] == "new" else 2, "", message)


@pytest.mark.parametrize("budget", ["0", "-5", "many", "1.5"])
def test_a_budget_is_a_number_of_tokens(budget: str, app: Path) -> None:
    done = python(app, "-m", "manifest", "show", f"--budget={budget}")

    assert done.returncode == 2
    assert done.stderr.endswith(f"argument --budget: '{budget}' is no number of tokens: write e.g. 800\n")


def test_a_domain_and_the_index_keep_a_budget(app: Path) -> None:
    whole = python(app, "-m", "manifest", "show", "users", "--budget", "500")
    short = python(app, "-m", "manifest", "show", "--budget", "100")

    assert whole.stdout == python(app, "-m", "manifest", "show", "users").stdout
    assert short.stdout.endswith("\n…\n\nLeft out for the budget: Tools, users\n")


def test_a_slice_is_printed_for_a_task(app: Path) -> None:
    done = python(app, "-m", "manifest", "show", "--task", "say hello")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(
        "# say hello\n\nRead `domains/users/plugins/hello.py`; then write `domains/users/plugins/<feature>.py`.\n"
    )
    assert "# box\nput(name)" in done.stdout
