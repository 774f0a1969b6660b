"""More connections than the cap are closed at once, and those that are there go on."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.servers.project import Project, Served, served
from tests.servers.raw_client import Talk, get, read_all, talk

pytestmark = [pytest.mark.slow, pytest.mark.timeout(60)]
LIVE = get("/health/live")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(Project(tmp_path_factory.mktemp("caps")), HTTP_MAX_CONNECTIONS="300") as server:
        yield server


async def is_open(reader: asyncio.StreamReader) -> bool:
    return not (await read_all(reader, 0.5)).is_closed


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> int:
    writer.write(LIVE)
    head = await reader.readuntil(b"\r\n\r\n")
    await reader.readexactly(len(b'{"status":"live"}'))
    return int(head.split()[1])


async def test_above_the_cap_new_ones_are_closed_and_old_ones_are_served(server: Served) -> None:
    old = await asyncio.open_connection("127.0.0.1", server.port)
    assert await ask(*old) == 200
    flood = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(1_000)]

    are_open = await asyncio.gather(*(is_open(reader) for reader, _ in flood))
    refused = await talk(server.port, LIVE)

    assert sum(are_open) == 299  # 50 from one address is not for loopback
    assert refused == Talk(b"", True)
    assert await ask(*old) == 200
    assert server.process.poll() is None
    for _, writer in (old, *flood):
        writer.transport.abort()


async def test_when_they_have_left_new_ones_are_served(server: Served) -> None:
    for _ in range(100):
        answer = await talk(server.port, get("/health/live", "Connection: close"))
        if answer.statuses:
            break
        await asyncio.sleep(0.02)

    assert answer.statuses == [200]
    assert "connections over the limits were closed" in server.text()
