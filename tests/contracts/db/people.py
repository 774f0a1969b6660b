"""The tables of the battery, and what is done with them again and again."""

import asyncio
import contextvars
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from hookspecs import Answer, System
from tools.db import register_tools
from tools.db.contract import Db

SCHEMA = (
    "CREATE TABLE teams (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
    (
        "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT NOT NULL, age INTEGER DEFAULT 18 CHECK (age >= 0),"
        " team_id INTEGER REFERENCES teams(id), UNIQUE (email, team_id))"
    ),
    "CREATE UNIQUE INDEX one_email ON users (lower(email))",
    "CREATE TABLE log (id INTEGER PRIMARY KEY, note TEXT)",
    "CREATE TABLE tags (tag TEXT PRIMARY KEY, weight INTEGER)",
    "CREATE TABLE pairs (a INTEGER, b INTEGER, PRIMARY KEY (a, b))",
    "CREATE TABLE loose (x INTEGER)",
    (
        "CREATE TABLE kinds (whole INTEGER, fraction REAL, money DECIMAL(14, 2), is_on BOOLEAN, words TEXT, data BLOB,"
        " day DATE, hour TIME, moment TIMESTAMP, ident UUID, doc JSON)"
    ),
)
TRIGGER = {
    "sqlite": (
        "CREATE TRIGGER log_users AFTER INSERT ON users BEGIN INSERT INTO log VALUES (NEW.id + 1000, NEW.email); END",
    ),
    "postgresql": (
        "CREATE FUNCTION log_user() RETURNS trigger LANGUAGE plpgsql AS $$"
        " BEGIN INSERT INTO log VALUES (NEW.id + 1000, NEW.email); RETURN NEW; END $$",
        "CREATE TRIGGER log_users AFTER INSERT ON users FOR EACH ROW EXECUTE FUNCTION log_user()",
    ),
}
FOR_EVER = {
    "sqlite": "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) AS n FROM c",
    "postgresql": "SELECT pg_sleep(60)",
}


class User(msgspec.Struct):
    id: int
    email: str
    age: int | None = None


async def no_answers(hook: str, **arguments: Any) -> list[Answer]:
    """Gather from nobody: nothing else stands."""
    return []


@asynccontextmanager
async def standing(url: str, **settings: str) -> AsyncIterator[Db]:
    """Boot one, and shut it down."""
    (tool,) = register_tools()
    work: Any = tool.factory({"DATABASE_URL": url, "DB_WAIT_TIMEOUT_S": "0.5", "DB_STREAMS": "1", **settings})
    await work.on_boot(System(no_answers, []))
    try:
        yield work
    finally:
        await work.on_shutdown()


async def emails(db: Db) -> list[str]:
    return [row["email"] for row in await db.query("SELECT email FROM users ORDER BY id")]


async def add(db: Db, email: str) -> int | None:
    return await db.execute("INSERT INTO users (email) VALUES (?)", (email,))


async def in_fresh_context(work: Coroutine[Any, Any, None]) -> None:
    """Like a request, or an event: no transaction around it."""
    await asyncio.get_running_loop().create_task(work, context=contextvars.Context())
