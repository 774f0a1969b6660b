from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from kernel.boot import Kernel
from tests.domains.person import Person, log_in, rows, sign_up, sign_up_admin
from tests.domains.tree import Tree
from tests.tools.assistant.made_routes import MIGRATIONS, NOTES, OTHERS


class Application(NamedTuple):
    """One that runs, with somebody in it."""

    kernel: Kernel
    client: httpx.AsyncClient
    database: str
    tree: Tree
    ana: Person
    root: Person


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgresql":
        url: str = request.getfixturevalue("postgres_url")
        return url
    return f"sqlite:///{tmp_path}/app.db"


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    (tmp_path / "project").mkdir()
    made = Tree(tmp_path / "project")
    made.add("notes/models.py", "")
    made.add("notes/migrations/001_notes.sql", MIGRATIONS)
    for name, source in {"write_notes": NOTES, **OTHERS}.items():
        made.add(f"notes/plugins/{name}.py", source)
    return made


@pytest.fixture
async def running(tree: Tree, database: str) -> AsyncIterator[Application]:
    """An application with events and jobs in its database, two people and their sessions, notes, and a dead letter."""
    settings = {"DATABASE_URL": database, "LOG_LEVEL": "INFO"}
    async with tree.running(settings) as (kernel, client):
        root = await sign_up_admin(client, database)
        ana = await sign_up(client, "ana")
        await log_in(client, ana.id, ana.email)
        rows(database, "INSERT INTO notes (title) VALUES ('kept')")
        yield Application(kernel, client, database, tree, ana, root)
