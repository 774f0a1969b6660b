"""Events over HTTP: what a real server acknowledged outlives kill -9, and several workers share it."""

import asyncio
import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.postgres import new_database, server
from tests.servers.project import ROOT, Project, Served

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]
STORE = (ROOT / "domains" / "system" / "plugins" / "store_events.py").read_text()
PROBE = '''
import asyncio, os
from hookspecs import hookimpl

class Probe:
    """POST /publish/{n}: publish an event, which each of two groups writes down."""
    def __init__(self, http, event_bus):
        self.http, self.bus = http, event_bus

    @hookimpl
    async def on_boot(self):
        self.http.add_endpoint("/publish/{n:int}", "POST", self.publish, public=True)
        self.http.add_endpoint("/pending", "GET", self.pending, public=True)
        self.bus.subscribe("probe.made", self.first)
        self.bus.subscribe("probe.made", self.second)

    async def publish(self, n: int) -> dict:
        await self.bus.publish("probe.made", {"n": n}, key=str(n % 7) if n % 2 else "")
        return {}

    async def pending(self) -> dict:
        return {"pending": await self.bus.pending(), "pid": os.getpid()}

    async def first(self, event: dict):
        await self.note("first", event)

    async def second(self, event: dict):
        await self.note("second", event)

    async def note(self, group, event):
        await asyncio.sleep(0.002)
        file = os.open("handled", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(file, f"{group} {event['n']} {os.getpid()}\\n".encode())
        os.close(file)
'''
KILLS, A_LIFE = 10, 200
CLIENTS = 16


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path, {"store_events": STORE, "probe": PROBE})


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/app.db"
        return
    with server(is_durable=True) as url:
        yield asyncio.run(new_database(url))


def handled(project: Project) -> list[tuple[str, int, int]]:
    """Give group, number and process of each time that something was handled."""
    file = project.folder / "handled"
    lines = file.read_text().splitlines() if file.exists() else []
    return [(group, int(n), int(pid)) for group, n, pid in map(str.split, lines)]


async def publish(port: int, numbers: range) -> None:
    """Have all acknowledged, by several clients at once."""
    waiting = iter(numbers)

    async def go_on(client: httpx.AsyncClient) -> None:
        for number in waiting:
            answer = await client.post(f"/publish/{number}")
            assert answer.status_code == 200, answer.text

    async with (
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client,
        asyncio.TaskGroup() as all_,
    ):
        for _ in range(CLIENTS):
            all_.create_task(go_on(client))


async def settled(port: int) -> None:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client, asyncio.timeout(60):
        while (await client.get("/pending")).json()["pending"]:
            await asyncio.sleep(0.05)


def everything(count: int) -> set[tuple[str, int]]:
    return {(group, number) for group in ("first", "second") for number in range(count)}


def test_ten_kills_right_after_200_acknowledged_events_lose_none_of_2_000(project: Project, database: str) -> None:
    for life in range(KILLS):
        one = Served(project, [], {"DATABASE_URL": database})
        try:
            one.wait_until_it_listens()
            asyncio.run(publish(one.port, range(life * A_LIFE, (life + 1) * A_LIFE)))
        finally:
            one.kill()

    last = Served(project, [], {"DATABASE_URL": database})
    try:
        last.wait_until_it_listens()
        asyncio.run(settled(last.port))
    finally:
        last.kill()

    times = Counter((group, number) for group, number, _ in handled(project))
    print(f"{len(times)} of {2 * KILLS * A_LIFE}, {times.total() - len(times)} repeated")
    assert set(times) == everything(KILLS * A_LIFE)
    assert times.total() - len(times) <= KILLS * 2 * 8  # one of each lane that was handled at the moment of the kill


@pytest.mark.parametrize("workers", [2, 4])
def test_workers_on_one_database_handle_each_event_once_for_each_group(
    project: Project, database: str, workers: int
) -> None:
    count = 1_000
    one = Served(project, ["--workers", str(workers)], {"DATABASE_URL": database})
    try:
        wait_until_all_listen(one, workers)
        began_s = time.monotonic()
        asyncio.run(publish(one.port, range(count)))
        asyncio.run(settled(one.port))
        lasted_s = time.monotonic() - began_s
    finally:
        one.kill()

    times = Counter((group, number) for group, number, _ in handled(project))
    by_process = Counter(pid for _, _, pid in handled(project))
    print(f"{workers} workers: {lasted_s:.1f} s, {sorted(by_process.values())}")
    assert times == Counter(everything(count))
    assert "Traceback" not in one.text()


@pytest.mark.parametrize("workers", [2, 4])
def test_a_graceful_stop_of_workers_loses_and_repeats_nothing(project: Project, database: str, workers: int) -> None:
    count = 400
    first = Served(project, ["--workers", str(workers)], {"DATABASE_URL": database})
    try:
        wait_until_all_listen(first, workers)
        asyncio.run(publish(first.port, range(count)))
        os.kill(first.process.pid, signal.SIGTERM)
        first.process.wait(30)
    finally:
        first.kill()
    before = handled(project)
    last = Served(project, [], {"DATABASE_URL": database})
    try:
        last.wait_until_it_listens()
        asyncio.run(settled(last.port))
    finally:
        last.kill()

    times = Counter((group, number) for group, number, _ in handled(project))
    print(f"{len(before)} before the stop, {times.total() - len(before)} after")
    assert times == Counter(everything(count))
    assert "lost" not in first.text()


def wait_until_all_listen(one: Served, workers: int) -> None:
    end = time.monotonic() + 60
    while one.text().count("Application startup complete") < workers:
        assert time.monotonic() < end, one.text()
        assert one.process.poll() is None, one.text()
        time.sleep(0.05)
