from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

import asgi
from tests.domains.person import Person, sign_up, sign_up_admin
from tests.domains.tree import Tree


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of what `client` and what `settings` starts keep their data in: the only difference."""
    if request.param == "postgresql":
        url: str = request.getfixturevalue("postgres_url")
        return url
    return f"sqlite:///{tmp_path}/app.db"


@pytest.fixture
def settings(database: str) -> dict[str, str]:
    return {"DATABASE_URL": database}


@pytest.fixture
async def client(settings: dict[str, str]) -> AsyncIterator[httpx.AsyncClient]:
    async with asgi.running(settings) as client:
        yield client


@pytest.fixture
async def ana(client: httpx.AsyncClient) -> Person:
    return await sign_up(client, "ana")


@pytest.fixture
async def bob(client: httpx.AsyncClient) -> Person:
    return await sign_up(client, "bob")


@pytest.fixture
async def root(client: httpx.AsyncClient, database: str) -> Person:
    return await sign_up_admin(client, database)


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    (tmp_path / "project").mkdir()
    return Tree(tmp_path / "project")
