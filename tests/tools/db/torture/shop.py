"""An app that stands, with the shop of `shop_plugin.py` in it: its `db` is wrapped, so that its calls can be failed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from tests.domains.tree import Tree
from tests.tools.db.torture.faulty_db import PLAN

PLUGIN = Path(__file__).with_name("shop_plugin.py").read_text()
WRAP = """
from hookspecs import hookimpl
from tests.tools.db.torture.faulty_db import PLAN, FaultyDb

@hookimpl
def wrap_tool(name, tool, owner):
    return FaultyDb(tool, PLAN) if (name, owner) == ("db", "shop.order") else None
"""


class Shop(NamedTuple):
    client: httpx.AsyncClient
    db: Any
    """The tool itself, whose calls do not fail."""
    bus: Any


@asynccontextmanager
async def opened(folder: Path, url: str, *, late_s: float = 10, **settings: str) -> AsyncIterator[Shop]:
    """Boot the shipped tree with the shop, and give a client of it; `late_s` is the deadline of the shop's requests."""
    tree = Tree(folder)
    tree.add("shop/plugins/order.py", PLUGIN.replace("LATE_S = 10", f"LATE_S = {late_s}"))
    tree.add_tool("faults", WRAP)
    PLAN.fail("", 0)
    async with tree.running({"DATABASE_URL": url, **settings}) as (kernel, client):
        plugin: Any = next(one for one in kernel._hooks.get_plugins() if type(one).__name__ == "Shop")
        db = plugin.db
        while hasattr(db, "_db"):  # a stand-in, of ours or for assistants
            db = db._db
        yield Shop(client, db, plugin.bus)


def check_problem(answer: httpx.Response, *statuses: int) -> None:
    """It says what it is, and is one of those that somebody thought of."""
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.status_code in statuses, answer.text
    assert answer.json()["status"] == answer.status_code
