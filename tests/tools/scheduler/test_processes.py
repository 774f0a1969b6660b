"""Four processes on one database, killed now and then: each due time is published once, and none is lost."""

import asyncio
import json
import random
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import partial
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import pytest

from tests.tools.scheduler.stage import database, until
from tests.tools.scheduler.worker import EVERY_S, declare, started
from tools.scheduler.event_scheduler import EventScheduler
from tools.scheduler.settings import SchedulerSettings

WORKERS = 4
ONCE = 200
WITHIN_S = 6.0
KILLED_EVERY_S = 0.3


async def add_jobs(db: Any, within_s: float) -> None:
    """Add 200 jobs that are due within some seconds, from a process that runs none."""
    scheduler = EventScheduler(SchedulerSettings(scheduler_enabled=False), time.time)
    declare(scheduler, db)
    await scheduler.on_ready()
    start, chance = datetime.now(UTC), random.Random(3)
    async with db.transaction():
        for number in range(ONCE):
            due = start + timedelta(seconds=chance.random() * within_s)
            await scheduler.at(due, "once.due", {"number": number})
    await scheduler.on_shutdown()


async def kill_now_and_then(workers: list[ForkServerProcess], url: str, db: Any) -> int:
    """Kill one after the other, each followed by a new one, until all jobs are published; give the number of kills."""
    chance, kills = random.Random(4), 0
    while await is_there(db, "SELECT id FROM _scheduled_jobs WHERE schedule = ''"):
        await asyncio.sleep(KILLED_EVERY_S * (0.5 + chance.random()))
        victim = workers.pop(chance.randrange(WORKERS))
        victim.kill()
        workers.append(await asyncio.to_thread(started, url))
        await asyncio.to_thread(victim.join)
        kills += 1
    return kills


def end(workers: list[ForkServerProcess]) -> None:
    for worker in workers:
        worker.kill()
        worker.join()


async def is_there(db: Any, sql: str) -> bool:
    return await db.query_one(sql) is not None


async def is_gone(db: Any, sql: str) -> bool:
    return not await is_there(db, sql)


async def published(db: Any) -> list[tuple[str, Any]]:
    rows = await db.query("SELECT event, payload FROM published")
    return [(row["event"], json.loads(row["payload"])) for row in rows]


def once(events: list[tuple[str, Any]]) -> Counter[int]:
    return Counter(payload["number"] for event, payload in events if event == "once.due")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgresql":
        found: str = request.getfixturevalue("postgres_url")
        return found
    return f"sqlite:///{tmp_path}/app.db"


@pytest.mark.slow
async def test_four_processes_that_are_killed_publish_each_due_time_once(url: str) -> None:
    async with database(url) as db:
        start_s = time.monotonic()
        await add_jobs(db, WITHIN_S)
        workers = [started(url) for _ in range(WORKERS)]
        try:
            kills = await kill_now_and_then(workers, url, db)
        finally:
            end(workers)
        events, elapsed_s = await published(db), time.monotonic() - start_s

    beats = [payload["before"] for event, payload in events if event == "beat.due"]
    assert once(events) == dict.fromkeys(range(ONCE), 1)
    assert len(beats) == len({*beats})
    assert elapsed_s / EVERY_S / 4 < len(beats) <= elapsed_s / EVERY_S + 1
    assert kills >= 10


@pytest.mark.slow
async def test_jobs_that_are_all_due_at_once_are_published_once_by_four_processes(url: str) -> None:
    async with database(url) as db:
        workers = [started(url) for _ in range(WORKERS)]
        try:
            await until(partial(is_there, db, "SELECT id FROM published WHERE event = 'beat.due'"))
            await add_jobs(db, within_s=0)
            await until(partial(is_gone, db, "SELECT id FROM _scheduled_jobs WHERE schedule = ''"), 30)
        finally:
            end(workers)

        assert once(await published(db)) == dict.fromkeys(range(ONCE), 1)
