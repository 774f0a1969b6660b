"""SIGTERM: what was asked for is answered, and nothing that a client does keeps the process longer than it may."""

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import ExitStack
from typing import NamedTuple

import pytest

from tests.servers.project import Project, Served
from tests.servers.raw_client import Talk, get, read_all

pytestmark = [pytest.mark.slow, pytest.mark.timeout(90)]
GRACE_S, CLIENTS, RUNS = 4, 5, 5
AT_ONCE_S = 1.0
PROBE = '''
import asyncio
from pathlib import Path
from starlette.responses import StreamingResponse
from hookspecs import hookimpl

def mark(text):
    with Path("marks").open("a") as file:
        file.write(text + "\\n")

class Probe:
    """GET /slow, GET /endless, POST /publish, mounts /raw."""
    def __init__(self, http, event_bus):
        self.http, self.bus = http, event_bus

    @hookimpl
    async def on_boot(self):
        self.http.add_endpoint("/ping", "GET", self.ping, public=True)
        self.http.add_endpoint("/slow", "GET", self.slow, public=True)
        self.http.add_endpoint("/endless", "GET", self.endless, public=True)
        self.http.add_endpoint("/publish", "GET", self.publish, public=True)
        self.http.mount("/raw", self.raw)
        self.bus.subscribe("probe.made", self.handle)

    async def ping(self) -> dict:
        mark("begun")
        return {}

    async def slow(self) -> dict:
        mark("begun")
        await asyncio.sleep(3)
        return {"slow": "answer"}

    async def endless(self):
        return StreamingResponse(self.chunks())

    async def chunks(self):
        mark("begun")
        while True:
            yield b"x" * 65_536

    async def publish(self) -> dict:
        await self.bus.publish("probe.made", {})
        return {}

    async def handle(self, event):
        mark("begun")
        await asyncio.sleep(0.4)
        mark("handled")

    async def raw(self, scope, receive, send):
        assert scope["type"] != "lifespan"
        await receive()
        mark("begun")
        if scope["type"] == "websocket":
            await send({"type": "websocket.accept"})
        while (await receive())["type"] != "websocket.disconnect":
            pass
'''
UPLOAD = b"POST /raw/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nhalf"
SOCKET = get(
    "/raw/",
    "Connection: upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: " + "x" * 22 + "==",
)
CASES: Mapping[str, bytes] = {
    "idle": b"",
    "keep-alive": get("/ping"),
    "a handler of 3 s": get("/slow"),
    "half a body": UPLOAD,
    "an unread stream": get("/endless"),
    "a WebSocket": SOCKET,
    "an event being handled": get("/publish"),
    "a second SIGTERM": get("/slow"),
}


class Stop(NamedTuple):
    """How a server ended: its code, how long it took, what its clients got, what its handlers noted."""

    code: int
    lasted_s: float
    answers: list[Talk]
    marks: list[str]
    log: str


def marks(server: Served) -> list[str]:
    file = server.log.parent / "marks"
    return file.read_text().split() if file.exists() else []


async def reaches(goal: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not goal():
            await asyncio.sleep(0.02)


async def stop(name: str, server: Served) -> Stop:
    """Bring five clients to where they are, send SIGTERM, and wait for the end."""
    before = server.descriptors()
    streams = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(CLIENTS)]
    for _, writer in streams:
        writer.write(CASES[name])
    await reaches(lambda: server.descriptors() >= before + CLIENTS)
    begun = {"idle": 0, "an event being handled": 1}.get(name, CLIENTS)
    await reaches(lambda: marks(server).count("begun") >= begun)
    is_reading = name != "an unread stream"
    reads: list[Awaitable[Talk]] = [asyncio.create_task(read_all(reader, 20)) for reader, _ in streams if is_reading]
    if name == "keep-alive":
        await asyncio.sleep(0.2)  # the answers are on their way: they have begun

    started = time.monotonic()
    server.process.send_signal(signal.SIGTERM)
    if name == "a second SIGTERM":
        await asyncio.sleep(0.5)
        started = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
    await reaches(lambda: server.process.poll() is not None)

    lasted_s = time.monotonic() - started
    answers = await asyncio.gather(*reads)
    for _, writer in streams:
        writer.transport.abort()
    return Stop(server.process.returncode, lasted_s, answers, marks(server), server.text())


@pytest.fixture(scope="module", params=range(1, RUNS + 1), ids="run {}".format)
def stops(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Stop]]:
    """All cases, each with a process of its own, at the same time; run after run."""
    with ExitStack() as ends:
        servers = []
        for _ in CASES:
            project = Project(tmp_path_factory.mktemp("stop"), {"probe": PROBE})
            servers.append(Served(project, ["--timeout-graceful-shutdown", str(GRACE_S)], {}))
            ends.callback(servers[-1].kill)
        for server in servers:
            server.wait_until_it_listens()

        async def all_of_them() -> list[Stop]:
            return await asyncio.gather(*map(stop, CASES, servers))

        yield dict(zip(CASES, asyncio.run(all_of_them()), strict=True))


@pytest.mark.parametrize("name", CASES)
def test_it_ends_within_the_grace_by_the_signal(stops: dict[str, Stop], name: str) -> None:
    ended = stops[name]

    assert ended.lasted_s <= GRACE_S + 1
    assert ended.code in (0, -signal.SIGTERM), ended.log


@pytest.mark.parametrize("name", ["idle", "keep-alive", "a WebSocket"])
def test_a_client_that_asks_for_nothing_does_not_delay_it(stops: dict[str, Stop], name: str) -> None:
    assert stops[name].lasted_s <= AT_ONCE_S + 1


def test_what_is_in_flight_is_answered(stops: dict[str, Stop]) -> None:
    answers = stops["a handler of 3 s"].answers

    assert [answer.statuses for answer in answers] == [[200]] * CLIENTS
    assert all(answer.received.endswith(b'{"slow":"answer"}') and answer.is_closed for answer in answers)


def test_an_event_is_handled_to_its_end(stops: dict[str, Stop]) -> None:
    ended = stops["an event being handled"]

    assert ended.marks.count("begun") == ended.marks.count("handled") == CLIENTS
    assert [answer.statuses for answer in ended.answers] == [[200]] * CLIENTS


def test_a_websocket_is_told_that_the_service_restarts(stops: dict[str, Stop]) -> None:
    answers = stops["a WebSocket"].answers

    assert all(answer.received.endswith(b"\x88\x02\x03\xf4") for answer in answers), answers  # 1012, RFC 6455


def test_a_second_signal_ends_it_at_once(stops: dict[str, Stop]) -> None:
    ended = stops["a second SIGTERM"]

    assert ended.code == -signal.SIGTERM
    assert ended.lasted_s <= AT_ONCE_S
    assert [answer.statuses for answer in ended.answers] == [[]] * CLIENTS


@pytest.mark.parametrize("name", ["idle", "keep-alive", "a handler of 3 s", "a WebSocket", "an event being handled"])
def test_what_ends_by_itself_is_no_failure_in_the_log(stops: dict[str, Stop], name: str) -> None:
    assert "Traceback" not in stops[name].log
