"""Each test that asks for a `stage` runs on both engines."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.tools.db.migrations.stage import PostgresStage, SqliteStage, Stage
from tests.tools.db.postgres_server import new_database, server


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    with server() as url:
        yield url


@pytest.fixture
def on_sqlite(tmp_path: Path) -> SqliteStage:
    return SqliteStage(tmp_path, f"sqlite:///{tmp_path / 'app.db'}")


@pytest.fixture
async def on_postgres(tmp_path: Path, postgres: str) -> PostgresStage:
    return PostgresStage(tmp_path, await new_database(postgres))


@pytest.fixture(params=["sqlite", "postgresql"])
async def stage(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    if request.param == "sqlite":
        yield SqliteStage(tmp_path, f"sqlite:///{tmp_path / 'app.db'}")
    else:
        yield PostgresStage(tmp_path, await new_database(request.getfixturevalue("postgres")))
