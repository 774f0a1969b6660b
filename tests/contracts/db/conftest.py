"""`db` on each engine: what passes on one passes on all."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contracts.db.people import FOR_EVER, SCHEMA, TRIGGER, standing
from tools.db.contract import Db


@pytest.fixture(params=["file", "memory", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The only thing that differs."""
    if request.param == "postgresql":
        found: str = request.getfixturevalue("postgres_url")
        return found
    return f"sqlite:///{tmp_path}/data/app.db" if request.param == "file" else "sqlite://"


@pytest.fixture
def dialect(url: str) -> str:
    """For the few statements that no two engines write alike."""
    return url.partition(":")[0]


@pytest.fixture
def for_ever(dialect: str) -> str:
    """A statement that takes longer than anyone waits."""
    return FOR_EVER[dialect]


@pytest.fixture
async def bare(url: str) -> AsyncIterator[Db]:
    """One without tables."""
    async with standing(url) as work:
        yield work


@pytest.fixture
async def db(bare: Db, dialect: str) -> Db:
    for statement in (*SCHEMA, *TRIGGER[dialect]):
        await bare.execute(statement)
    return bare
