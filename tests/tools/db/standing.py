"""A `Database` on SQLite that stands, with what a system would tell it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from hookspecs import Answer, System
from tools.db.database import Database
from tools.db.settings import DbSettings
from tools.db.sqlite.engine import Sqlite

ROOT = Path(__file__).parents[3]
COUNT_FOR_EVER = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) AS n FROM c"


def around(domains: Sequence[Path] = (), answers: Sequence[Answer] = ()) -> System:
    """Give what `on_boot` sees of a system."""

    async def gather(hook: str, **arguments: Any) -> list[Answer]:
        return list(answers)

    return System(gather, list(domains))


def made(path: Path, **settings: Any) -> Database:
    """Give one that is not open yet."""
    converted = msgspec.convert({"DATABASE_URL": f"sqlite:///{path}", **settings}, DbSettings, strict=False)
    return Database(Sqlite(converted), converted)


def sqlite_of(db: Database) -> Sqlite:
    """Give its engine."""
    assert isinstance(db.engine, Sqlite)
    return db.engine


@asynccontextmanager
async def standing(path: Path, system: System | None = None, **settings: Any) -> AsyncIterator[Database]:
    """Boot one, and shut it down."""
    db = made(path, **settings)
    await db.on_boot(system or around())
    try:
        yield db
    finally:
        await db.on_shutdown()
