"""What is shown and written by the command line, on the throwaway app of test_command_line.py."""

from pathlib import Path

import pytest

from tests.manifest.made_up import project, python
from tests.manifest.throwaway_app import BROKEN, app, break_plugin

__all__ = ["app"]


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
