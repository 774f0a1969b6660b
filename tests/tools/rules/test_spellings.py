"""However it is written: what is right is left alone, and what is wrong is found."""

from pathlib import Path

import pytest

from tests.tools.rules.seeded import Seeded
from tests.tools.rules.spellings import RIGHT, WRONG


@pytest.mark.parametrize("name", RIGHT)
async def test_what_is_right_is_left_alone(name: str, tmp_path: Path) -> None:
    found = await Seeded(tmp_path, RIGHT[name]).boot()

    assert (found.findings, found.errors) == ([], [])


@pytest.mark.parametrize("name", WRONG)
async def test_what_is_wrong_is_found(name: str, tmp_path: Path) -> None:
    project = Seeded(tmp_path, WRONG[name])

    found = await project.boot()

    assert (found.seen, found.errors) == (sorted(project.marked), [])
    assert len(found.seen) > 0
