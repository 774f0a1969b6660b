"""Streams over real servers: they end when their client leaves, when they fail, and when the server stops."""

import asyncio
import http.client
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.servers.project import Project, Served, served
from tests.servers.raw_client import get, talk

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]
WAIT_S = 10.0
PLUGIN = '''
import asyncio
import pathlib
from collections.abc import AsyncIterator

from starlette.responses import FileResponse

from hookspecs import hookimpl

class Stream:
    """Streams of every kind."""

    def __init__(self, http):
        self.http, self.yielded = http, 0

    @hookimpl
    async def on_boot(self):
        self.http.add_sse("/events", self.events, public=True, heartbeat_s=0.2)
        self.http.add_endpoint("/endless", "GET", self.endless, public=True)
        self.http.add_endpoint("/breaking", "GET", self.breaking, public=True)
        self.http.add_endpoint("/slow", "GET", self.slow, public=True)
        self.http.add_endpoint("/yielded", "GET", self.count, public=True)

    async def events(self) -> AsyncIterator[str]:
        try:
            yield "first"
            await asyncio.Event().wait()
        finally:
            print("events closed", flush=True)

    async def endless(self) -> AsyncIterator[bytes]:
        try:
            while True:
                self.yielded += 1
                yield bytes(100_000)
        finally:
            print("endless closed", flush=True)

    async def breaking(self) -> AsyncIterator[str]:
        yield "first"
        raise ValueError("no source")

    async def slow(self) -> AsyncIterator[str]:
        for number in range(10):
            yield f"{number}"
            await asyncio.sleep(0.1)

    async def count(self) -> int:
        return self.yielded
'''
STOCK = ["--http", "httptools"], ["--http", "h11"], ["--http", "httptools", "--loop", "asyncio"]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project(tmp_path_factory.mktemp("streams"), {"stream": PLUGIN})


@pytest.fixture
def server(project: Project) -> Iterator[Served]:
    with served(project) as running:
        yield running


def open_stream(server: Served, path: str) -> socket.socket:
    """Ask, and read up to the first item."""
    client = socket.create_connection(("127.0.0.1", server.port), timeout=WAIT_S)
    client.sendall(get(path))
    received = b""
    while b"first" not in received:
        received += client.recv(4_096)
    return client


def rest_of(client: socket.socket) -> bytes:
    """Read until the server closes."""
    with client.makefile("rb") as rest:
        return rest.read()


def wait_for(server: Served, text: str, times: int = 1) -> float:
    """Wait until the server has written it so often; answer with how long that took."""
    start_s = time.monotonic()
    while server.text().count(text) < times:
        assert time.monotonic() < start_s + WAIT_S, server.text()
        time.sleep(0.01)
    return time.monotonic() - start_s


@pytest.mark.parametrize("arguments", [[], *STOCK], ids=["ours", "httptools", "h11", "asyncio"])
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT], ids=["term", "int"])
def test_open_event_streams_do_not_keep_the_server_from_stopping(
    project: Project, arguments: list[str], end: signal.Signals
) -> None:
    with served(project, *arguments) as server, ExitStack() as opened:
        clients = [opened.enter_context(open_stream(server, "/events")) for _ in range(20)]
        start_s = time.monotonic()

        server.process.send_signal(end)
        rests = [rest_of(client) for client in clients]
        code = server.process.wait(WAIT_S)
        took_s = time.monotonic() - start_s

    assert took_s < 1.5
    assert code in (0, -end)
    assert {rest.endswith(b"0\r\n\r\n") for rest in rests} == {True}
    assert server.text().count("events closed") == 20
    assert "Traceback" not in server.text()


def test_a_stream_that_has_an_end_reaches_it_before_the_server_stops(server: Served) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=WAIT_S) as client:
        client.sendall(get("/slow"))
        received = client.recv(4_096)

        server.process.send_signal(signal.SIGTERM)
        received += rest_of(client)

    assert server.process.wait(WAIT_S) in (0, -signal.SIGTERM)
    assert [b"1\r\n%d\r\n" % number in received for number in range(10)] == [True] * 10
    assert received.endswith(b"0\r\n\r\n")


@pytest.mark.parametrize("arguments", [[], *STOCK], ids=["ours", "httptools", "h11", "asyncio"])
def test_a_generator_is_closed_within_a_second_after_its_client_left(project: Project, arguments: list[str]) -> None:
    with served(project, *arguments) as server:
        for path in ("/events", "/endless"):
            client = socket.create_connection(("127.0.0.1", server.port), timeout=WAIT_S)
            client.sendall(get(path))
            client.recv(100)

            client.close()

            assert wait_for(server, f"{path[1:]} closed") < 1


def test_the_generator_waits_for_a_client_that_does_not_read(server: Served) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=WAIT_S) as client:
        client.sendall(get("/endless"))
        counts = [yielded(server)]
        while len(counts) < 5 or counts[-1] != counts[-5]:
            time.sleep(0.1)
            counts.append(yielded(server))

    assert counts[-1] < 150  # 15 MB: the sockets' buffers
    assert wait_for(server, "endless closed") < 1


def yielded(server: Served) -> int:
    client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=WAIT_S)
    client.request("GET", "/yielded", headers={"Host": "localhost"})
    count = int(client.getresponse().read())
    client.close()
    return count


def test_an_error_half_way_closes_the_connection_without_an_end(server: Served) -> None:
    answer = asyncio.run(talk(server.port, get("/breaking"), WAIT_S))

    assert answer.is_closed
    assert b"first" in answer.received
    assert not answer.received.endswith(b"0\r\n\r\n")
    assert "no source" in server.text()


def test_heartbeats_reach_the_client(server: Served) -> None:
    with open_stream(server, "/events") as client:
        received = b""
        while received.count(b":\n\n") < 3:
            received += client.recv(4_096)

    assert b"data" not in received
