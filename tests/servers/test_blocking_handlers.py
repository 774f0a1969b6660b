"""Blocking `def` handlers over a real server: so many run, the others are refused, nothing else waits for them."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from kernel.call import THREADS
from tests.servers.project import Project, Served, served
from tests.servers.raw_client import get, talk

pytestmark = [pytest.mark.slow, pytest.mark.timeout(60)]
ASKED, BLOCKED_S, LONG_S, WAIT_S = 100, 1.0, 2.0, 20.0
PLUGIN = f'''
import asyncio
import time
from pathlib import Path

from hookspecs import hookimpl

class Block:
    """Handlers that block, and others beside them."""

    def __init__(self, http):
        self.http, self.begun = http, 0

    @hookimpl
    async def on_boot(self):
        self.http.add_endpoint("/ping", "GET", self.ping, public=True)
        self.http.add_endpoint("/begun", "GET", self.count, public=True)
        self.http.add_endpoint("/resolved", "GET", self.resolved, public=True)
        self.http.add_endpoint("/blocking", "GET", self.blocking, public=True)
        self.http.add_endpoint("/long", "GET", self.long, public=True)
        self.http.add_endpoint("/limited", "GET", self.long, public=True, timeout_s=0.2)
        self.http.add_static("/files", Path("files").absolute(), public=True)

    async def ping(self) -> dict:
        return {{}}

    async def count(self) -> int:
        return self.begun

    async def resolved(self) -> bool:
        return bool(await asyncio.get_running_loop().getaddrinfo("localhost", 80))

    def blocking(self) -> dict:
        time.sleep({BLOCKED_S})
        return {{}}

    def long(self) -> dict:
        self.begun += 1
        time.sleep({LONG_S})
        return {{}}
'''


class Timed(NamedTuple):
    """An answer, and how long it took."""

    status: int
    head: bytes
    took_s: float


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Served]:
    project = Project(tmp_path, {"block": PLUGIN})
    (project.folder / "files").mkdir()
    (project.folder / "files" / "page.css").write_text("p {}")
    with served(project) as running:
        yield running


async def ask(server: Served, path: str) -> Timed:
    """Ask on a connection of its own."""
    started_s = time.monotonic()
    answer = await talk(server.port, get(path, "Connection: close"), WAIT_S)
    (status,) = answer.statuses
    return Timed(status, answer.received.lower(), time.monotonic() - started_s)


async def many(server: Served, path: str, count: int) -> list[Timed]:
    return await asyncio.gather(*(ask(server, path) for _ in range(count)))


async def while_blocked(server: Served, beside: Callable[[], Awaitable[Any]]) -> tuple[list[Timed], list[Any]]:
    """Ask for the blocking handler by ASKED clients at once; repeat what is beside it until all are answered."""
    blocked, others = asyncio.create_task(many(server, "/blocking", ASKED)), []
    while not blocked.done():
        others.append(await beside())
        await asyncio.sleep(0.005)
    return await blocked, others


def is_refused(answer: Timed) -> bool:
    """Whether it is a whole refusal: what it is, and when to come again."""
    words = b"content-type: application/problem+json", b"retry-after: 1\r\n"
    return answer.status == 503 and all(word in answer.head for word in words)


async def test_as_many_run_as_there_are_threads_and_the_others_are_refused_at_once(server: Served) -> None:
    answers = await many(server, "/blocking", ASKED)

    good = [answer for answer in answers if answer.status == 200]
    assert THREADS <= len(good) < ASKED
    assert all(is_refused(answer) for answer in answers if answer not in good), answers
    assert max(answer.took_s for answer in answers) < 2 * BLOCKED_S  # whoever queued would take that at least


async def test_a_ping_is_answered_at_once_while_they_block(server: Served) -> None:
    _, pings = await while_blocked(server, lambda: ask(server, "/ping"))

    slowest_s = sorted(ping.took_s for ping in pings)[int(len(pings) * 0.99)]
    assert len(pings) >= 20
    assert {ping.status for ping in pings} == {200}
    assert slowest_s < 0.5  # a guard: 100 ms is for a quiet machine to show


@pytest.mark.parametrize("path", ["/resolved", "/files/page.css"])
async def test_what_needs_a_thread_of_another_kind_is_served_while_they_block(server: Served, path: str) -> None:
    _, answers = await while_blocked(server, lambda: ask(server, path))

    assert len(answers) >= 5
    assert {answer.status for answer in answers} == {200}
    assert max(answer.took_s for answer in answers) < BLOCKED_S


async def is_timed_out(server: Served) -> None:
    """Let every thread be taken by calls that nobody waits for any more, since their time was over."""
    answers = await many(server, "/limited", THREADS)
    assert {answer.status for answer in answers} == {504}


async def gives_up(server: Served) -> None:
    """Let every thread be taken by calls whose clients left."""
    streams = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(THREADS)]
    for _, writer in streams:
        writer.write(get("/long"))
    async with asyncio.timeout(LONG_S):
        while not (await ask(server, "/begun")).head.endswith(b"\r\n%d" % THREADS):
            await asyncio.sleep(0.01)
    for _, writer in streams:
        writer.transport.abort()


@pytest.mark.parametrize("leave", [is_timed_out, gives_up])
async def test_a_place_stays_taken_until_its_thread_ends(
    server: Served, leave: Callable[[Served], Awaitable[None]]
) -> None:
    started_s = time.monotonic()
    await leave(server)

    refused = [await ask(server, "/blocking")]
    while refused[-1].status == 503:
        assert is_refused(refused[-1])
        assert time.monotonic() < started_s + WAIT_S
        refused.append(await ask(server, "/blocking"))
    accepted = refused.pop()

    assert refused
    assert accepted.status == 200
    assert time.monotonic() - accepted.took_s - started_s > LONG_S - 0.1  # no thread ended before
    assert {answer.status for answer in await many(server, "/blocking", THREADS // 2)} == {200}
