from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

import asgi
from tests.domains.person import Person, sign_up, sign_up_admin
from tests.domains.tree import Tree


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """The file that `client` and what `settings` starts keep their data in."""
    return tmp_path / "app.db"


@pytest.fixture
def settings(database: Path) -> dict[str, str]:
    return {"DATABASE_URL": f"sqlite:///{database}"}


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
async def root(client: httpx.AsyncClient, database: Path) -> Person:
    return await sign_up_admin(client, database)


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    (tmp_path / "project").mkdir()
    return Tree(tmp_path / "project")
