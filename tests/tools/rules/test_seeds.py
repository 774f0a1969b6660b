"""Each seeded violation is found, with its code, its file and its line; and nothing else is."""

from pathlib import Path

import pytest

from tests.tools.rules.seeded import Seeded
from tests.tools.rules.seeds import SEEDS


@pytest.mark.parametrize("name", SEEDS)
async def test_what_breaks_a_rule_is_found_where_it_stands(name: str, tmp_path: Path) -> None:
    project = Seeded(tmp_path, SEEDS[name])

    found = await project.boot()

    assert found.errors == []
    assert found.seen == sorted(project.marked)
    assert len(found.seen) > 0


@pytest.mark.parametrize("name", SEEDS)
async def test_a_finding_says_what_to_write_instead(name: str, tmp_path: Path) -> None:
    found = await Seeded(tmp_path, SEEDS[name]).boot()

    for finding in found.findings:
        what, _, remedy = finding.message.rpartition(": ")
        assert what
        assert remedy
        assert not finding.message.endswith(".")


def test_there_are_thirty_seeds_at_least() -> None:
    assert len(SEEDS) >= 30
