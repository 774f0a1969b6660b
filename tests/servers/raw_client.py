"""HTTP as bytes over a socket, for what no client library sends."""

import asyncio
import re
from typing import NamedTuple

_STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) ")


class Talk(NamedTuple):
    """What came back, and whether the server closed the connection."""

    received: bytes
    is_closed: bool

    @property
    def statuses(self) -> list[int]:
        return [int(status) for status in _STATUS.findall(self.received) if status != b"100"]


async def read_all(reader: asyncio.StreamReader, timeout_s: float) -> Talk:
    """Read until the server closes, or for so long."""
    received = b""
    try:
        async with asyncio.timeout(timeout_s):
            while chunk := await reader.read(65_536):
                received += chunk
    except TimeoutError:
        return Talk(received, False)
    except ConnectionError:
        pass
    return Talk(received, True)


async def talk(port: int, data: bytes, timeout_s: float = 2.0) -> Talk:
    """Send these bytes on a connection of their own, and read what comes back."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(data)
        return await read_all(reader, timeout_s)
    finally:
        writer.transport.abort()


def get(path: str, *lines: str) -> bytes:
    """Make a GET without a body."""
    return "\r\n".join((f"GET {path} HTTP/1.1", "Host: localhost", *lines, "", "")).encode()
