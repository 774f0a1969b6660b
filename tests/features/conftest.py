"""The ten features beside the shipped ones: SQLite in a file, events kept in it."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from kernel.boot import Kernel
from tests.domains.person import Person, rows, settled, sign_up, sign_up_admin
from tests.domains.tree import Tree

FEATURES = Path(__file__).parent / "domains"


class Shop(NamedTuple):
    """What stands, and who uses it."""

    kernel: Kernel
    client: httpx.AsyncClient
    database: str
    ana: Person
    bob: Person
    root: Person

    async def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run a statement behind its back, in a thread: the loop may be in a transaction."""
        return await asyncio.to_thread(rows, self.database, sql, *values)

    async def order(self, person: Person, quantity: int = 1, product: int = 1) -> httpx.Response:
        order = {"product_id": product, "quantity": quantity}
        return await self.client.post("/orders", json=order, headers=person.headers)

    async def settled(self) -> None:
        """Wait until every event is handled."""
        await settled(self.client, self.root)


@pytest.fixture
def project(tmp_path: Path) -> Tree:
    (tmp_path / "project").mkdir()
    tree = Tree(tmp_path / "project")
    shutil.copytree(FEATURES, tree.domains, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    return tree


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, str]:
    return {
        "DATABASE_URL": f"sqlite:///{tmp_path}/app.db",
        "PHOTO_DIR": str(tmp_path / "photos"),
    }


@pytest.fixture
async def shop(project: Tree, settings: dict[str, str]) -> AsyncIterator[Shop]:
    database = settings["DATABASE_URL"]
    async with project.running(settings) as (kernel, client):
        ana, bob = await sign_up(client, "ana"), await sign_up(client, "bob")
        shop = Shop(kernel, client, database, ana, bob, await sign_up_admin(client, database))
        for name in ("cup", "mug", "jug"):
            await shop.rows("INSERT INTO products (name, cents, stock) VALUES (?, 900, 5)", name)
        yield shop
