"""A process that runs jobs until it is killed.

    test --fork server--> worker: boots db and a scheduler, publishes what is due into a table

The fork server has all imported, so that a worker costs a fork and a boot.
"""

import asyncio
import json
import multiprocessing
import time
from multiprocessing.context import ForkServerProcess
from typing import Any

from tests.tools.db.torture.engines import standing
from tests.tools.scheduler.stage import owned
from tools.scheduler.event_scheduler import EventScheduler
from tools.scheduler.settings import SchedulerSettings

EVERY_S = 0.2


def started(url: str) -> ForkServerProcess:
    """Start one."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.tools.scheduler.worker", "tools.db.sqlite.engine"])
    process = context.Process(target=run, args=(url,), daemon=True)
    process.start()
    return process


def run(url: str) -> None:
    asyncio.run(work_for_ever(url))


async def work_for_ever(url: str) -> None:
    async with standing(url, DB_MIGRATE="false") as db:
        scheduler = EventScheduler(SchedulerSettings(scheduler_look_s=0.5), time.time)
        declare(scheduler, db)
        await scheduler.on_ready()
        await asyncio.Event().wait()


def declare(scheduler: EventScheduler, db: Any) -> None:
    """Store and publish in a database, where a beat is noted with the due time that follows it."""

    async def publish(event: str, payload: Any) -> None:
        following = await db.query_one("SELECT due_at FROM _scheduled_jobs WHERE id = 'beat'")
        note = payload if event == "once.due" else {"before": following["due_at"]}
        await db.execute("INSERT INTO published (event, payload) VALUES (?, ?)", (event, json.dumps(note)))
        await asyncio.sleep(0.01)  # in which it may be killed, before the commit

    with owned("system.schedule_events"):
        scheduler.publish_with(publish)
        scheduler.store_in(db)
        scheduler.every("beat", EVERY_S, "beat.due")
