"""A minute of mixed traffic leaves nothing behind: no memory, descriptor, thread or task, and every answer is right."""

import asyncio
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import NamedTuple

import pytest

from tests.servers.mixed_traffic import PERSON, PLUGIN, Traffic, resident_bytes, send
from tests.servers.project import ROOT, Project, Served, served
from tests.servers.raw_client import get, talk

pytestmark = [pytest.mark.slow, pytest.mark.timeout(150)]
WARM_UP_S, TRAFFIC_S, SETTLE_S = 15.0, 45.0, 5.0
MIB = 1_048_576


class Sizes(NamedTuple):
    """What a process holds."""

    descriptors: int
    threads: int
    tasks: int


async def sizes(server: Served) -> Sizes:
    """Count what the process holds."""
    answer = await talk(server.port, get("/soak/tasks", "Connection: close"), 20)
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    threads = int(status.partition("Threads:")[2].split()[0])
    return Sizes(server.descriptors(), threads, int(answer.received.rpartition(b"\r\n")[2]))


async def settled(server: Served, most: Sizes) -> Sizes:
    """Wait until the process holds no more than that, or SETTLE_S, and answer with what it holds."""
    end_s = time.monotonic() + SETTLE_S
    while True:
        held = await sizes(server)
        if all(now <= then for now, then in zip(held, most, strict=True)) or time.monotonic() > end_s:
            return held
        await asyncio.sleep(0.1)


async def sign_in(server: Served) -> str:
    """Make an account, and answer with its token."""
    body = json.dumps(PERSON).encode()
    assert (await talk(server.port, send("POST", "/users", body), 20)).statuses == [201]
    credentials = json.dumps({key: PERSON[key] for key in ("email", "password")}).encode()
    answer = await talk(server.port, send("POST", "/auth/login", credentials), 20)
    return str(json.loads(answer.received.partition(b"\r\n\r\n")[2])["access_token"])


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Served]:
    """Serve the shipped features, and the plugin beside them."""
    project = Project(tmp_path, {"soak": PLUGIN})
    for domain in (ROOT / "domains").iterdir():
        (project.folder / "domains" / domain.name).symlink_to(domain)
    with served(project) as running:
        yield running


async def test_a_minute_of_mixed_traffic_leaves_nothing_behind(server: Served) -> None:
    traffic = Traffic(server, await sign_in(server))
    await traffic.run(WARM_UP_S)
    base = await settled(server, Sizes(0, 0, 0))  # never: it waits for all of the time
    before = resident_bytes(server)
    memory = await traffic.run(TRAFFIC_S)
    left = await settled(server, base)
    growth = resident_bytes(server) - before
    await traffic.probe()

    assert traffic.wrong == []
    assert traffic.asked > 3_000
    assert all(now <= then + 2 for now, then in zip(left, base, strict=True)), (base, left)
    third = len(memory) // 3
    assert growth < 8 * MIB
    assert median(memory[-third:]) - median(memory[:third]) < 4 * MIB, memory
    wal = sum(file.stat().st_size for file in server.log.parent.glob("*.db-wal"))
    assert 0 < wal < 64 * MIB
    text = server.text()
    assert len(re.findall("Traceback", text)) == text.count("ValueError: deliberate") > 0, text[-5_000:]
