"""Two applications, each with a database of its own, on one broker."""

import asyncio
import random
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.contracts.event_bus.plugins import Listener, subscribe
from tests.tools.event_bus.brokers.lines import stored
from tests.tools.event_bus.brokers.traffic import EVENT, Publisher, Subscriber, within

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[4]
KILLS = 8


@pytest.fixture
def kind(server: tuple[str, Any]) -> str:
    return server[0]


@asynccontextmanager
async def other_application(kind: str, url: str, db_url: str) -> AsyncIterator[None]:
    """Run it as a process, which is killed at the end."""
    command = [sys.executable, "-m", "tests.tools.event_bus.brokers.effects", kind, url, db_url]
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        async with asyncio.timeout(30):
            assert await process.stdout.readline() == b"ready\n"
        yield
    finally:
        process.kill()
        await process.wait()


@pytest.mark.timeout(150)
async def test_what_one_publishes_has_its_effect_in_the_other_once_over_kills_of_that(
    kind: str, url: str, tmp_path: Path
) -> None:
    b_url = f"sqlite:///{tmp_path}/b.db"
    async with (
        stored(kind, url, f"sqlite:///{tmp_path}/a.db") as a,
        stored(kind, url, b_url) as b,
        asyncio.TaskGroup() as group,
    ):
        db = await b.open_db()
        async with other_application(kind, url, b_url):
            pass  # from now on its group is known to the broker
        bus = await a.boot()
        await bus.on_ready()
        publisher = Publisher(bus)
        publishing = group.create_task(publisher.run())
        for _ in range(KILLS):
            async with other_application(kind, url, b_url):
                await asyncio.sleep(random.uniform(0.1, 0.6))
        publisher.is_over.set()
        await publishing

        async def notes() -> list[int]:
            return [int(row["note"]) for row in await db.query("SELECT note FROM effects ORDER BY id")]

        async with other_application(kind, url, b_url), asyncio.timeout(60):
            while len(await notes()) < publisher.count:
                await asyncio.sleep(0.1)
        found = await notes()
    assert publisher.count > 100
    assert sorted(found) == list(range(publisher.count))
    for key in range(4):
        assert [number for number in found if number % 4 == key] == list(range(key, publisher.count, 4))


async def test_groups_of_one_name_share_and_those_of_another_get_all(kind: str, url: str, tmp_path: Path) -> None:
    shared_a, shared_b, other = Subscriber(), Subscriber(), Listener()
    async with (
        stored(kind, url, f"sqlite:///{tmp_path}/a.db") as a,
        stored(kind, url, f"sqlite:///{tmp_path}/b.db") as b,
    ):
        first, second = await a.boot(), await b.boot()
        subscribe(first, EVENT, shared_a.handle, group="shared")
        subscribe(second, EVENT, shared_b.handle, group="shared")
        subscribe(second, EVENT, other.handle, group="other")
        await first.on_ready()
        await second.on_ready()
        for number in range(100):
            await (first if number % 2 else second).publish(EVENT, number, key=str(number % 4))

        await within(20, lambda: shared_a.count + shared_b.count >= 100 <= len(other.seen))

    both = [number for one in (shared_a, shared_b) for numbers in one.numbers.values() for number in numbers]
    assert sorted(both) == sorted(other.seen) == list(range(100))
