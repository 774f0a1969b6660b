"""The engines, as fixtures: a test that takes `url` or `db` runs once on each."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.tools.db.torture.engines import standing


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/app.db"


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def url(engine: str, request: pytest.FixtureRequest) -> str:
    """The URL of an empty database; who stays with SQLite starts no server."""
    return str(request.getfixturevalue(f"{engine}_url"))


@pytest.fixture
async def db(url: str) -> AsyncIterator[Any]:
    async with standing(url) as db:
        yield db
