"""`scheduler` wherever its jobs are kept: what passes in one place passes in all."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.tools.scheduler.stage import Stage, database


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The only thing that differs: a URL, empty for memory."""
    if request.param == "postgresql":
        found: str = request.getfixturevalue("postgres_url")
        return found
    return f"sqlite:///{tmp_path}/app.db" if request.param == "sqlite" else ""


@pytest.fixture
async def stage(kept: str) -> AsyncIterator[Stage]:
    if kept:
        async with database(kept) as db:
            yield Stage(db)
    else:
        yield Stage(None)
