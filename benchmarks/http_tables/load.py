"""The load: connections that ask again as soon as they have a whole answer, in a process of their own."""

import asyncio
import time
from collections.abc import Callable
from itertools import cycle
from typing import Any

import uvloop

from benchmarks.http_tables.child import answer_all
from benchmarks.http_tables.scenario import ENDPOINTS, Request

DISTINCT = 4096
HEAD_END, LENGTH = b"\r\n\r\n", b"content-length:"
CONNECT_S = 20.0


class Connection(asyncio.Protocol):
    """One keep-alive connection."""

    def __init__(self, requests: Callable[[], bytes], status: bytes, counted: list[int]) -> None:
        self._requests, self._good, self._counted = requests, b"HTTP/1.1 " + status, counted
        self._room = b""
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        """Ask for the first time."""
        self._transport = transport
        transport.write(self._requests())

    def data_received(self, data: bytes) -> None:
        """Take what arrived; once it is a whole answer, count it and ask again."""
        self._room = data = self._room + data if self._room else data
        head = data.find(HEAD_END)
        if head < 0:
            return
        named = data[:head].lower()
        at = named.find(LENGTH)
        if not data.startswith(self._good) or at < 0:
            self._end(ValueError(f"the server answers {data[:300]!r} under load"))
            return
        length = int(named[at + len(LENGTH) :].partition(b"\r\n")[0])
        if len(data) >= head + len(HEAD_END) + length:
            self._room = b""
            self._counted[0] += 1
            self._transport.write(self._requests())

    def connection_lost(self, error: Exception | None) -> None:
        """Say so: no server may close during the measurement."""
        self._end(error or ConnectionError("the server closed a connection under load"))

    def close(self) -> None:
        """Stop asking."""
        self._end(None)
        self._transport.abort()

    def _end(self, error: Exception | None) -> None:
        if not self.ended.done():
            self.ended.set_exception(error) if error else self.ended.set_result(None)


async def load(port: int, pid: int, endpoint: str, connections: int, warm_s: float, run_s: float) -> dict[str, float]:
    """Answer with requests a second, and the server's processor time a request in microseconds."""
    counted, make = [0], ENDPOINTS[endpoint]
    written = cycle([make(number).wire() for number in range(DISTINCT)]).__next__
    status = b"%d" % make(0).status
    loop = asyncio.get_running_loop()
    made = [
        (await loop.create_connection(lambda: Connection(written, status, counted), "127.0.0.1", port))[1]
        for _ in range(connections)
    ]
    try:
        await held(made, warm_s)
        before, cpu_s, started = counted[0], processor_s(pid), time.perf_counter()
        await held(made, run_s)
        took_s, count, spent_s = time.perf_counter() - started, counted[0] - before, processor_s(pid) - cpu_s
    finally:
        for one in made:
            one.close()
    return {"rps": count / took_s, "cpu_us": spent_s / count * 1e6}


async def held(connections: list[Connection], run_s: float) -> None:
    """Let them run; the first that fails ends it."""
    ended = [one.ended for one in connections]
    done, _ = await asyncio.wait(ended, timeout=run_s, return_when=asyncio.FIRST_COMPLETED)
    for one in done:
        one.result()


def processor_s(pid: int) -> float:
    """Read another process's processor clock (clock_getcpuclockid(3))."""
    return time.clock_gettime(~pid << 3 | 2)


async def asked_once(port: int, request: Request) -> tuple[int, dict[str, str], bytes]:
    """Ask on a connection of its own."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request.wire())
    status, headers = await head_of(reader)
    body = await reader.readexactly(int(headers["content-length"]))
    writer.close()
    return status, headers, body


async def head_of(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    """Read the head of an answer."""
    first, *lines = (await reader.readuntil(HEAD_END)).decode("latin-1").strip().split("\r\n")
    pairs = (line.partition(":") for line in lines)
    return int(first.split()[1]), {name.lower(): value.strip() for name, _, value in pairs}


async def work(port: int, endpoint: str, who: str = "", **load_of: Any) -> Any:
    """Check one answer if `who` answers is asked, else run the load."""
    if not who:
        return await load(port, endpoint=endpoint, **load_of)
    request = ENDPOINTS[endpoint](7)
    request.check(who, *await asyncio.wait_for(asked_once(port, request), CONNECT_S))
    return "right"


if __name__ == "__main__":
    uvloop.run(answer_all(work))
