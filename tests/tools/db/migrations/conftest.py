"""Each test that asks for a `stage` runs on both engines."""

from pathlib import Path

import pytest

from tests.tools.db.migrations.stage import PostgresStage, SqliteStage, Stage


@pytest.fixture
def on_sqlite(tmp_path: Path) -> SqliteStage:
    return SqliteStage(tmp_path, f"sqlite:///{tmp_path / 'app.db'}")


@pytest.fixture
def on_postgres(tmp_path: Path, postgres_url: str) -> PostgresStage:
    return PostgresStage(tmp_path, postgres_url)


@pytest.fixture(params=["on_sqlite", "on_postgres"], ids=["sqlite", "postgresql"])
def stage(request: pytest.FixtureRequest) -> Stage:
    one: Stage = request.getfixturevalue(request.param)
    return one
