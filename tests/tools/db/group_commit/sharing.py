"""Writes that wait for one turn, and a disk that refuses."""

import asyncio
import sqlite3
import threading
from collections.abc import Awaitable, Iterable
from time import sleep
from typing import Any

from tests.tools.db.standing import sqlite_of
from tools.db.database import Database
from tools.db.sqlite.file import FileConnection

FOR_EVER = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) INSERT INTO notes (text) SELECT x FROM c"


class Disk(FileConnection):
    """A connection whose next COMMIT the disk refuses, as long as `fault` names one of SQLite's errors."""

    fault = ""
    commits = 0

    def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
        if sql == "COMMIT":
            Disk.commits += 1
            if Disk.fault:
                error = sqlite3.OperationalError("disk I/O error")
                error.sqlite_errorname = Disk.fault
                raise error
        return super().execute(sql, *values)


def nap(seconds: float) -> str:
    sleep(seconds)
    return str(seconds)


async def add(db: Database, text: str) -> int | None:
    return await db.execute("INSERT INTO notes (text) VALUES (?)", (text,))


async def waiting(db: Database, *works: Awaitable[Any]) -> "list[asyncio.Task[Any]]":
    """Let them wait for one turn, which they get now."""
    async with sqlite_of(db).writer.lock:
        tasks = [asyncio.ensure_future(work) for work in works]
        await asyncio.sleep(0.01)
    return tasks


async def together(db: Database, *works: Awaitable[Any]) -> list[Any]:
    return await asyncio.gather(*await waiting(db, *works), return_exceptions=True)


async def texts(db: Database) -> set[str]:
    return {row["text"] for row in await db.query("SELECT text FROM notes")}


def kinds(answers: Iterable[Any]) -> list[Any]:
    return [type(one) if isinstance(one, BaseException) else one for one in answers]


def held(sql: str, disk: threading.Event) -> None:
    if sql == "COMMIT":
        disk.wait(10)
