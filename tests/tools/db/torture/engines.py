"""`db` on whichever engine a URL names, made by the tool's own factory."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from tests.tools.db.standing import around
from tools.db import register_tools


def made(url: str, settings: Mapping[str, str] | None = None) -> Any:
    """Give one that is not open yet."""
    (tool,) = register_tools()
    return tool.factory({"DATABASE_URL": url, "DB_WAIT_TIMEOUT_S": "5", **(settings or {})})


@asynccontextmanager
async def standing(url: str, **settings: str) -> AsyncIterator[Any]:
    """Boot one, and shut it down."""
    db = made(url, settings)
    await db.on_boot(around())
    try:
        yield db
    finally:
        await db.on_shutdown()
