"""Databases that keep what they acknowledged, also when they are killed; and children that are."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from tests.postgres import new_database, server, wiped
from tests.tools.event_bus.torture.children import Child, children
from tests.tools.event_bus.torture.stage import Stage, booted, ended


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def url(engine: str, request: pytest.FixtureRequest) -> str:
    """The URL of an empty database; who stays with SQLite starts no server."""
    return str(request.getfixturevalue(f"{engine}_url"))


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/app.db"


@pytest.fixture(scope="session")
def _durable_database() -> Iterator[str]:
    with server(is_durable=True) as url:
        yield asyncio.run(new_database(url))


@pytest.fixture
async def postgres_url(_durable_database: str) -> str:
    return await wiped(_durable_database)


@pytest.fixture
def start() -> Iterator[Callable[..., Child]]:
    """Start children; none outlives the test."""
    with children() as start:
        yield start


@pytest.fixture(params=["memory://", "db://"])
def transport(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def boot(transport: str, sqlite_url: str) -> AsyncIterator[Callable[..., Awaitable[Stage]]]:
    stages = list[Stage]()

    async def boot(**settings: str) -> Stage:
        stages.append(await booted(sqlite_url, EVENT_BUS_URL=transport, **settings))
        return stages[-1]

    yield boot
    for stage in stages:
        await ended(stage)
