"""The engines, as fixtures: a test that takes `url` or `db` runs once on each."""

import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.tools.db.torture.engines import ENGINES, standing
from tests.tools.db.torture.server import Server


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with tempfile.TemporaryDirectory(prefix="pg-", ignore_cleanup_errors=True) as folder:  # a socket's path is short
        server = Server(Path(folder, "data"))
        yield server
        server.close()


@pytest.fixture
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], str]:
    """Make an empty database of an engine, and give its URL; nobody who stays with SQLite starts a server."""

    def make(engine: str) -> str:
        if engine == "sqlite":
            return f"sqlite:///{tmp_path}/app.db"
        made: Server = request.getfixturevalue("server")
        return made.database()

    return make


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def url(engine: str, database: Callable[[str], str]) -> str:
    return database(engine)


@pytest.fixture
async def db(url: str) -> AsyncIterator[Any]:
    async with standing(url) as db:
        yield db
