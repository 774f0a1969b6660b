"""Clients of every kind side by side: good ones, wrong ones, and those that leave half-way."""

import asyncio
import json
import time
from collections.abc import Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import NamedTuple

from tests.servers.project import Served
from tests.servers.raw_client import Talk, get, talk

PAUSE_S = 0.1
PERSON = {"name": "ana", "email": "ana@example.com", "password": "correct horse"}
PLUGIN = '''
import asyncio
import time
from collections.abc import AsyncIterator

from hookspecs import hookimpl
from tools.http.contract import Socket

class Soak:
    """What the shipped features have not: streams, sockets, time-outs, failures, threads."""

    def __init__(self, http):
        self.http = http

    @hookimpl
    async def on_boot(self):
        self.http.add_endpoint("/soak/endless", "GET", self.endless, public=True)
        self.http.add_endpoint("/soak/late", "GET", self.late, public=True, timeout_s=0.1)
        self.http.add_endpoint("/soak/slow", "GET", self.slow, public=True)
        self.http.add_endpoint("/soak/failing", "GET", self.failing, public=True)
        self.http.add_endpoint("/soak/blocking", "GET", self.blocking, public=True)
        self.http.add_endpoint("/soak/blocked", "GET", self.blocked, public=True, timeout_s=0.05)
        self.http.add_endpoint("/soak/tasks", "GET", self.tasks, public=True)
        self.http.add_sse("/soak/events", self.events, public=True, heartbeat_s=0.2)
        self.http.add_websocket("/soak/socket", self.echo, public=True)

    async def endless(self) -> AsyncIterator[bytes]:
        while True:
            yield bytes(10_000)

    async def events(self) -> AsyncIterator[str]:
        yield "first"
        await asyncio.Event().wait()

    async def echo(self, socket: Socket[str, str]) -> None:
        async for message in socket:
            await socket.send(message)

    async def late(self) -> None:
        await asyncio.Event().wait()

    async def slow(self) -> str:
        await asyncio.sleep(0.2)
        return "x" * 100_000

    async def failing(self) -> None:
        raise ValueError("deliberate")

    def blocking(self) -> int:
        time.sleep(0.02)
        return 1

    def blocked(self) -> int:
        time.sleep(0.2)
        return 1

    async def tasks(self) -> int:
        return len(asyncio.all_tasks())
'''
UPGRADE = (
    "Connection: upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: " + "x" * 22 + "==",
)
HELLO = b"\x81\x85\0\0\0\0hello"  # a masked text frame, RFC 6455 section 5.2
HALF = b"POST /users HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
CHUNK = b"POST /users HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n[1,2,\r\n"


class Step(NamedTuple):
    """What is sent, and what is then waited for: nothing is for a moment."""

    data: bytes
    until: bytes = b""


DROPPED: dict[str, list[Step]] = {
    "connected only": [Step(b"")],
    "half a head": [Step(b"GET /health/li")],
    "half a body": [Step(HALF)],
    "half a chunked body": [Step(CHUNK)],
    "before the answer": [Step(get("/soak/slow"))],
    "while a thread works": [Step(get("/soak/blocking"))],
    "a stream half-way": [Step(get("/soak/endless"), bytes(10_000))],
    "events half-way": [Step(get("/soak/events"), b"data: first")],
    "a socket": [Step(get("/soak/socket", *UPGRADE), b"\r\n\r\n"), Step(HELLO, b"\x81\x05hello")],
}


def send(method: str, path: str, body: bytes, *lines: str) -> bytes:
    """Make a request with a JSON body, on a connection that ends with it."""
    head = f"{method} {path} HTTP/1.1", "Host: localhost", "Content-Type: application/json", "Connection: close", *lines
    return "\r\n".join((*head, f"Content-Length: {len(body)}", "", "")).encode() + body


def answered(token: str) -> dict[str, tuple[bytes, int]]:
    """List what is answered, with the status."""
    own, close = f"Authorization: Bearer {token}", "Connection: close"
    return {
        "live": (get("/health/live", close), 200),
        "ready": (get("/health/ready", close), 200),
        "me": (get("/users/me", own, close), 200),
        "list": (get("/notifications", own, close), 200),
        "change": (send("PATCH", "/users/1", b'{"name": "Ana"}', own), 200),
        "threads": (get("/soak/blocking", close), 200),
        "a large answer": (get("/soak/slow", close), 200),
        "not there": (get("/nowhere", close), 404),
        "no token": (get("/users/me", close), 401),
        "a wrong token": (get("/users/me", "Authorization: Bearer x.y.z", close), 401),
        "not an administrator": (get("/users", own, close), 403),
        "a wrong method": (send("DELETE", "/health/live", b""), 405),
        "bad JSON": (send("POST", "/users", b'{"name": '), 400),
        "a wrong field": (send("POST", "/users", b'{"name": 1}'), 422),
        "too much": (send("POST", "/users", b"").replace(b"Length: 0", b"Length: 2000000"), 413),
        "late": (get("/soak/late", close), 504),
        "a late thread": (get("/soak/blocked", close), 504),
        "a failure": (get("/soak/failing", close), 500),
    }


class Traffic:
    """Clients of every kind, until told to stop; what came back wrong is in `wrong`."""

    def __init__(self, server: Served, token: str) -> None:
        self.server, self.answered = server, answered(token)
        self.wrong: list[tuple[str, bytes]] = []
        self.asked = 0

    async def run(self, for_s: float) -> list[int]:
        """Let them ask for so long, and answer with the memory of each second, in bytes."""
        end_s, memory = time.monotonic() + for_s, list[int]()
        async with asyncio.TaskGroup() as clients:
            for name in (*self.answered, *DROPPED, "keep-alive", "sign up"):
                clients.create_task(self._repeat(name, end_s))
            while time.monotonic() < end_s:
                await asyncio.sleep(1)
                memory.append(resident_bytes(self.server))
        return memory

    async def probe(self) -> None:
        """Ask for everything that is answered, once."""
        for name in (*self.answered, "keep-alive"):
            await self._once(name, 0)

    async def _repeat(self, name: str, end_s: float) -> None:
        for number in count():
            if time.monotonic() > end_s:
                return
            await self._once(name, number)
            await asyncio.sleep(PAUSE_S if name != "sign up" else 10 * PAUSE_S)  # a password costs much

    async def _once(self, name: str, number: int) -> None:
        self.asked += 1
        if name in DROPPED:
            try:
                await drop(self.server.port, DROPPED[name], is_reset=number % 2 == 0)
            except EOFError as error:
                self.wrong.append((name, repr(error).encode()))
        elif name == "keep-alive":
            self._expect(name, await self._ask_on_one_connection(), [200] * 20 + [404])
        elif name == "sign up":
            new = {**PERSON, "email": f"{time.monotonic_ns()}@example.com"}
            self._expect(
                name, await talk(self.server.port, send("POST", "/users", json.dumps(new).encode()), 20), [201]
            )
        else:
            data, status = self.answered[name]
            self._expect(name, await talk(self.server.port, data, 20), [status])

    async def _ask_on_one_connection(self) -> Talk:
        """Ask twenty times in one go, and then once more."""
        return await talk(self.server.port, get("/health/live") * 20 + get("/nowhere", "Connection: close"), 20)

    def _expect(self, name: str, answer: Talk, statuses: Sequence[int]) -> None:
        if answer.statuses != statuses or not answer.is_closed:
            self.wrong.append((name, answer.received[:500]))


async def drop(port: int, steps: Sequence[Step], is_reset: bool) -> None:
    """Take these steps, and leave: by a reset, or by closing.

    Raises:
        EOFError: the server closed before what was waited for came.
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for step in steps:
            writer.write(step.data)
            if step.until:
                async with asyncio.timeout(20):
                    await reader.readuntil(step.until)
        if not steps[-1].until:
            await asyncio.sleep(0.01)  # so that it is there before the client leaves
        if not is_reset:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
    finally:
        writer.transport.abort()


def resident_bytes(server: Served) -> int:
    """Read how much memory the process has."""
    return int(Path(f"/proc/{server.process.pid}/statm").read_text().split()[1]) * 4_096
