"""A TCP proxy in front of a real server, which goes wrong in the way that a test says, when it says so."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from ssl import SSLContext
from typing import Any, Literal

Fault = Literal["pass", "refuse", "blackhole", "slow", "reset", "half", "drop"]
"""pass: no fault. refuse: nobody listens, who was connected is cut. blackhole: accepts, swallows everything, answers
nothing. slow: each chunk comes `delay_s` later. reset: who connects, and who is connected, gets an RST. half: half of
the answer, then nothing any more. drop: half of it, then an RST."""

_CHUNK_BYTES = 65_536
_RST_AT_CLOSE = struct.pack("ii", 1, 0)


class Proxy:
    """Listens on a port of 127.0.0.1, the same one through all faults. Its tasks are all called `proxy`."""

    def __init__(self, target: Path | tuple[str, int], tls: SSLContext | None = None) -> None:
        self.delay_s = 0.2
        """What `slow` adds to each chunk, in both directions."""
        self.connections = 0
        """How many it has accepted, ever."""
        self.chunks = 0
        """How often clients have sent something, ever; whether or not it was passed on."""
        self._target, self._tls = target, tls
        self._fault: Fault = "pass"
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._place = _bound(0)
        self.port: int = self._place.getsockname()[1]

    @property
    def open_count(self) -> int:
        """How many clients are connected."""
        return len(self._tasks)

    async def switch(self, fault: Fault) -> None:
        """Go wrong in another way, or no longer."""
        self._fault = fault
        if fault == "refuse":
            await self._close()
            self._place = _bound(self.port)  # without `listen`: nobody else gets the port, and who connects is refused
        elif self._server is None:
            self._place.close()
            listening = _bound(self.port)
            self._server = await asyncio.start_server(self._joined, sock=listening, ssl=self._tls)
        if fault in ("refuse", "reset"):
            self.cut()

    def cut(self) -> None:
        """Send everybody who is connected an RST; the fault stays what it is."""
        for writer in self._open:
            _reset(writer)

    async def close(self) -> None:
        """End everything."""
        await self._close()
        self._place.close()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _joined(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        task.set_name("proxy")
        self._tasks.add(task)
        writers = {to_client}
        self._open |= writers
        try:
            if self._fault == "reset":
                return
            server, to_server = await self._connect()
            writers.add(to_server)
            self._open.add(to_server)
            await _first(self._asked(client, to_server), self._answered(server, to_client))
        except (OSError, asyncio.CancelledError):
            pass  # the server is not there, so neither are we; and of a cancelled one asyncio would print a traceback
        finally:
            self._open -= writers
            for writer in writers:
                _reset(writer)
            self._tasks.discard(task)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self._target, Path):
            return await asyncio.open_unix_connection(self._target)
        return await asyncio.open_connection(*self._target)

    async def _asked(self, client: asyncio.StreamReader, to_server: asyncio.StreamWriter) -> None:
        while data := await client.read(_CHUNK_BYTES):
            self.chunks += 1
            await self._pass_on(data, to_server)

    async def _answered(self, server: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        is_halved = False
        while data := await server.read(_CHUNK_BYTES):
            if self._fault not in ("half", "drop"):
                await self._pass_on(data, to_client)
            elif not is_halved:
                to_client.write(data[: len(data) // 2])
                is_halved = True
                if self._fault == "drop":
                    await asyncio.sleep(0.01)  # an RST would overtake what is on its way
                    return

    async def _pass_on(self, data: bytes, writer: asyncio.StreamWriter) -> None:
        if self._fault == "blackhole":
            return
        if self._fault == "slow":
            await asyncio.sleep(self.delay_s)
        writer.write(data)
        await writer.drain()


@asynccontextmanager
async def proxy(target: Path | tuple[str, int], tls: SSLContext | None = None) -> AsyncIterator[Proxy]:
    """Stand in front of a server: its socket's path, or its host and port; `tls` is spoken to clients only."""
    made = Proxy(target, tls)
    await made.switch("pass")
    try:
        yield made
    finally:
        await made.close()


async def _first(*several: Coroutine[Any, Any, None]) -> None:
    """Run them until one ends; one that ends takes the others along."""
    tasks = [asyncio.create_task(one, name="proxy") for one in several]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _bound(port: int) -> socket.socket:
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind(("127.0.0.1", port))
    return made


def _reset(writer: asyncio.StreamWriter) -> None:
    connection: socket.socket | None = writer.get_extra_info("socket")
    if connection is not None and connection.family != socket.AF_UNIX and not writer.transport.is_closing():
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RST_AT_CLOSE)
    writer.transport.abort()
