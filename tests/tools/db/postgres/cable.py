"""What lies between `db` and its server, and can be cut, go silent, or swallow an answer."""

import asyncio
import re
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tools.db.contract import Db
from tools.db.postgres.engine import Postgres
from tools.db.postgres.pool import Pool

_SOCKET = ".s.PGSQL.5432"


class Cable:
    """A socket that passes everything on to another one."""

    def __init__(self, url: str) -> None:
        found = re.search(r"host=([^&]+)", url)
        if found is None:
            pytest.skip("these cut a Unix socket: leave TEST_POSTGRES_URL away")
        self._to = Path(found[1]) / _SOCKET
        self.folder = Path(tempfile.mkdtemp(prefix="cable"))
        self.url = url.replace(found[0], f"host={self.folder}")
        self.cut_at = b""
        """What the client sends is passed on, and then the connection is cut before an answer."""
        self.is_silent = False
        """Nothing is passed on any more, in either direction."""
        self.connections = 0
        self._is_cutting = False
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def plug(self) -> None:
        """Let clients connect."""
        self._server = await asyncio.start_unix_server(self._joined, self.folder / _SOCKET)

    async def pull(self) -> None:
        """Cut what is connected, and let nobody connect."""
        assert self._server is not None
        self._server.close()
        (self.folder / _SOCKET).unlink()
        self.cut()
        await asyncio.sleep(0)

    def cut(self) -> None:
        """Cut what is connected."""
        for writer in self._writers:
            writer.transport.abort()

    async def _joined(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        server, to_server = await asyncio.open_unix_connection(self._to)
        mine = {to_client, to_server}
        self._writers |= mine
        with suppress(ConnectionError):
            await asyncio.gather(self._asked(client, to_server), self._answered(server, to_client))
        self._writers -= mine
        for writer in mine:
            writer.transport.abort()

    async def _asked(self, client: asyncio.StreamReader, to_server: asyncio.StreamWriter) -> None:
        while data := await client.read(65536):
            if self.is_silent:
                continue
            self._is_cutting = bool(self.cut_at) and self.cut_at in data
            to_server.write(data)
            if self._is_cutting:
                await asyncio.sleep(0.05)  # the server has done it by then
                self.cut()
                self._is_cutting = False
                return
        to_server.transport.abort()

    async def _answered(self, server: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        while data := await server.read(65536):
            if not (self.is_silent or self._is_cutting):
                to_client.write(data)
        to_client.transport.abort()


@asynccontextmanager
async def cable(url: str) -> AsyncIterator[Cable]:
    """Lay one to the server of `url`."""
    laid = Cable(url)
    await laid.plug()
    try:
        yield laid
    finally:
        with suppress(FileNotFoundError):
            await laid.pull()
        while laid._tasks:
            laid.cut()
            await asyncio.wait(laid._tasks, timeout=0.05)
        laid.folder.rmdir()


def pool_of(db: Any) -> Pool:
    assert isinstance(db.engine, Postgres)
    return db.engine.pool


async def check_whole(db: Db) -> None:
    """Every connection can be had at once, and works."""
    pool = pool_of(db)
    async with asyncio.timeout(5):
        while pool.idle_count < pool.count:
            await asyncio.sleep(0.01)
        await asyncio.gather(*(db.query("SELECT 1") for _ in range(12)))
    assert pool.idle_count == pool.count <= 3
