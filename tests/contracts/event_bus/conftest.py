"""`event_bus` by each of its works: what passes with one passes with all; called through the contract and the hooks."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contracts.event_bus.plugins import Work
from tests.contracts.event_bus.works import NAMES, Home
from tools.db.contract import Db


@pytest.fixture(params=NAMES)
def transport(request: pytest.FixtureRequest) -> str:
    """The only thing that differs."""
    return str(request.param)


@pytest.fixture
def db_url(transport: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The application's database, of which a bus in memory may know too."""
    return str(request.getfixturevalue("postgres_url")) if transport == "postgres" else f"sqlite:///{tmp_path}/app.db"


@pytest.fixture
async def home(transport: str, db_url: str) -> AsyncIterator[Home]:
    """What outlives a work: `boot` may be called several times, for a restart, or for processes side by side."""
    home = Home(transport, db_url)
    yield home
    await home.close()


@pytest.fixture
async def bus(home: Home) -> Work:
    """One that is booted: a test subscribes, as plugins do in `on_boot`, and calls `on_ready` then."""
    return await home.boot()


@pytest.fixture
async def db(home: Home) -> Db:
    """The database of the application, which has a table for the effects of events."""
    return await home.open_db()


@pytest.fixture
async def stored_bus(home: Home, db: Db) -> Work:
    """A booted one that was given `db`: in memory too, where it stores nothing and waits for the commit."""
    return await home.boot(db)
