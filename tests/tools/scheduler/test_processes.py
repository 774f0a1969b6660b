"""Four processes on one database, killed now and then: each due time is published once, and none is lost."""

import asyncio
import json
import random
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import pytest

from tests.tools.scheduler.stage import database
from tests.tools.scheduler.worker import EVERY_S, declare, started
from tools.scheduler.event_scheduler import EventScheduler
from tools.scheduler.settings import SchedulerSettings

WORKERS = 4
ONCE = 200
WITHIN_S = 6.0
KILLED_EVERY_S = 0.3
ALL = {"beat.due", "once.due"}


async def add_jobs(db: Any) -> None:
    """Add 200 jobs that are due within some seconds, from a process that runs none."""
    scheduler = EventScheduler(SchedulerSettings(scheduler_enabled=False), time.time)
    declare(scheduler, db)
    await scheduler.on_ready()
    start, chance = datetime.now(UTC), random.Random(3)
    async with db.transaction():
        for number in range(ONCE):
            due = start + timedelta(seconds=chance.random() * WITHIN_S)
            await scheduler.at(due, "once.due", {"number": number})
    await scheduler.on_shutdown()


async def kill_now_and_then(workers: list[ForkServerProcess], url: str, db: Any) -> int:
    """Kill one after the other, each followed by a new one, until all jobs are published; give the number of kills."""
    chance, kills = random.Random(4), 0
    while await db.query_one("SELECT id FROM _scheduled_jobs WHERE schedule = ''"):
        await asyncio.sleep(KILLED_EVERY_S * (0.5 + chance.random()))
        victim = workers.pop(chance.randrange(WORKERS))
        victim.kill()
        workers.append(await asyncio.to_thread(started, url))
        await asyncio.to_thread(victim.join)
        kills += 1
    return kills


def check(rows: list[dict[str, Any]], elapsed_s: float) -> None:
    published = [(row["event"], json.loads(row["payload"])) for row in rows]
    once = Counter(payload["number"] for event, payload in published if event == "once.due")
    beats = [payload["before"] for event, payload in published if event == "beat.due"]
    assert once == dict.fromkeys(range(ONCE), 1)
    assert {event for event, _ in published} == ALL
    assert len(beats) == len({*beats})
    assert elapsed_s / EVERY_S / 4 < len(beats) <= elapsed_s / EVERY_S + 1


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
        await add_jobs(db)
        workers = [started(url) for _ in range(WORKERS)]
        try:
            kills = await kill_now_and_then(workers, url, db)
        finally:
            for worker in workers:
                worker.kill()
                worker.join()

        rows = await db.query("SELECT event, payload FROM published")
        check(rows, time.monotonic() - start_s)
    print(f"{kills} kills, {Counter(row['event'] for row in rows)}")
    assert kills >= 10


@pytest.mark.slow
async def test_of_200_jobs_that_are_due_at_once_four_processes_publish_each_once(url: str) -> None:
    async with database(url) as db:
        workers = [started(url) for _ in range(WORKERS)]
        try:
            await asyncio.sleep(1)
            scheduler = EventScheduler(SchedulerSettings(scheduler_enabled=False), time.time)
            declare(scheduler, db)
            await scheduler.on_ready()
            start_s = time.monotonic()
            async with db.transaction():
                for number in range(ONCE):
                    await scheduler.at(datetime.now(UTC), "once.due", {"number": number})
            while await db.query_one("SELECT id FROM _scheduled_jobs WHERE schedule = ''"):
                await asyncio.sleep(0.05)
            print("took", time.monotonic() - start_s)
            await scheduler.on_shutdown()
        finally:
            for worker in workers:
                worker.kill()
                worker.join()
        rows = await db.query("SELECT payload FROM published WHERE event = 'once.due'")
        assert Counter(row["payload"] for row in rows) == {json.dumps({"number": number}): 1 for number in range(ONCE)}
