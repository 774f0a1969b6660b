"""docs/manifest.md: its examples are what is printed, and it names every command."""

import re
import shlex

import pytest

from hookspecs import Command
from manifest.commands import built_in
from tests.manifest.made_up import ROOT, python, system

PAGE = (ROOT / "docs/manifest.md").read_text()
EXAMPLES = dict(re.findall(r"^\$ python (-m manifest .*)\n((?:(?!\$ |```).*\n)+)", PAGE, re.MULTILINE))


@pytest.mark.parametrize("command", EXAMPLES)
def test_an_example_is_what_is_printed(command: str) -> None:
    parts = map(re.escape, EXAMPLES[command].split("…\n"))
    pattern = "(?:.*\n)*".join(parts)

    printed = python(ROOT, *shlex.split(command)).stdout

    assert re.fullmatch(pattern, printed), printed


def test_there_are_examples() -> None:
    assert len(EXAMPLES) == 5


@pytest.mark.parametrize("command", built_in(system(), ROOT, {}), ids=lambda command: command.name)
def test_every_command_is_on_the_page(command: Command) -> None:
    assert re.search(rf"^\| .*`{command.name}[ `]", PAGE, re.MULTILINE)
