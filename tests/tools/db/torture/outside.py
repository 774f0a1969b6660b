"""Somebody else at the same database: a connection that nothing of ours is in between of, and that waits for nobody."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Protocol

import asyncpg


class Outside(Protocol):
    """Sees what is committed, and is locked out by what is open."""

    async def write(self, sql: str) -> None:
        """Write at once; raise where somebody holds a lock."""
        ...

    async def read(self, sql: str) -> list[tuple[Any, ...]]:
        """Read what is committed."""
        ...


class _OfSqlite:
    def __init__(self, raw: sqlite3.Connection) -> None:
        self._raw = raw

    async def write(self, sql: str) -> None:
        self._raw.execute(sql)

    async def read(self, sql: str) -> list[tuple[Any, ...]]:
        return self._raw.execute(sql).fetchall()


class _OfPostgres:
    def __init__(self, raw: Any) -> None:
        self._raw = raw

    async def write(self, sql: str) -> None:
        await self._raw.execute(sql)

    async def read(self, sql: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in await self._raw.fetch(sql)]


@asynccontextmanager
async def outside(url: str) -> AsyncIterator[Outside]:
    """Connect for a block."""
    if url.startswith("postgresql://"):
        there = await asyncpg.connect(url)
        await there.execute("SET lock_timeout = '50ms'")
        yield _OfPostgres(there)
        await there.close()
    else:
        here = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None, timeout=0)
        yield _OfSqlite(here)
        here.close()
