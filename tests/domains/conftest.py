import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
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
    async with asgi.running(settings) as client, declared(client):
        yield client


@asynccontextmanager
async def declared(client: httpx.AsyncClient) -> AsyncIterator[None]:
    """Check that the OpenAPI document of an operation has each status that was answered meanwhile, by its number."""
    answered = set[tuple[str, str, int]]()

    async def note(answer: httpx.Response) -> None:
        answered.add((answer.request.method.lower(), answer.request.url.path, answer.status_code))

    client.event_hooks["response"].append(note)
    yield
    client.event_hooks["response"].remove(note)
    for template, operations in (await client.get("/openapi.json")).json()["paths"].items():
        served = re.compile(re.sub(r"\{\w+\}", "[^/]+", template))
        for method, path, status in answered:
            if method in operations and served.fullmatch(path):
                known = operations[method]["responses"]
                assert str(status) in known, f"{method} {template} answers {status}, which its document does not have"


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
