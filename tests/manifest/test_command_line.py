"""The command line on a throwaway tool and domains: an app as a stranger has it."""

from pathlib import Path

import pytest

from tests.manifest.made_up import project, python
from tests.manifest.throwaway_app import BROKEN, app, break_plugin

__all__ = ["app"]


ALL = "there are: check, events, inspect, migrate, new, real, refuse, scratchy, settings, show, tables, tools, why"


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


def test_a_command_without_a_list_around_it_takes_no_other_command_along(app: Path) -> None:
    offers = "return Command('greet', 'h', lambda parser: None, print)"
    source = "from hookspecs import Command, hookimpl\nclass Greet:\n    @hookimpl\n    def register_commands(self): "
    project(app, {"domains/users/plugins/greet.py": f"{source}{offers}\n"})

    done = python(app, "-m", "manifest", "show")

    assert (done.returncode, done.stdout[:23]) == (0, "# How to add a feature\n")
    assert done.stderr == (
        "users.greet (domains/users/plugins/greet.py) offers commands that are none, Expected 5 arguments, got 1: "
        "return a list of Commands from `register_commands`\n"
    )
