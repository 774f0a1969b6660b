"""A scheduler that stands on any store, a clock that a test sets, and what was published."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from typing import Any

from hookspecs import Answer, Part, owner, trace
from tests.tools.db.standing import around
from tests.tools.db.torture.engines import made
from tools.db.contract import Migration
from tools.scheduler.contract import JOB_TABLES, Job
from tools.scheduler.event_scheduler import EventScheduler
from tools.scheduler.settings import SchedulerSettings

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)  # a Friday
PUBLISHED = "CREATE TABLE published (id INTEGER PRIMARY KEY, event TEXT NOT NULL, payload TEXT NOT NULL, trace TEXT)"
Declare = Callable[[EventScheduler], object]


class Clock:
    """Wall clock seconds that pass when a test says so."""

    def __init__(self, start: datetime = NOON) -> None:
        self.now_s = start.timestamp()

    def __call__(self) -> float:
        return self.now_s


class Stage:
    """Where schedulers stand: as many as a test boots, one after the other or side by side."""

    def __init__(self, db: Any) -> None:
        self.db: Any = db  # None for memory
        self.clock = Clock()
        self.refusal: BaseException | None = None
        """What publishing raises."""
        self.attempts = 0
        self._in_memory: list[tuple[str, Any, str]] = []

    async def publish(self, event: str, payload: Any) -> None:
        """Stand in for the bus: a row, in the transaction around it."""
        self.attempts += 1
        if self.refusal:
            raise self.refusal
        if self.db is None:
            self._in_memory.append((event, payload, trace.get().trace_id))
        else:
            await self.db.execute(
                "INSERT INTO published (event, payload, trace) VALUES (?, ?, ?)",
                (event, json.dumps(payload), trace.get().trace_id),
            )

    async def published(self) -> list[tuple[str, Any, str]]:
        """List event, payload and trace id, in order."""
        if self.db is None:
            return [*self._in_memory]
        rows = await self.db.query("SELECT event, payload, trace FROM published ORDER BY id")
        return [(row["event"], json.loads(row["payload"]), row["trace"]) for row in rows]

    async def events(self) -> list[str]:
        """List the names of what was published, without what `settled` adds."""
        return [event for event, *_ in await self.published() if event != "settled"]

    async def settled(self, scheduler: EventScheduler) -> list[str]:
        """Wait until all that is due now was run, and list the events.

        The first of two jobs that are due now is run in a look that is not over yet, the second one in a later look.
        """
        for _ in range(2):
            before = await self._count_settled()
            await scheduler.at(datetime.fromtimestamp(self.clock.now_s, UTC), "settled")

            async def is_settled(before: int = before) -> bool:
                return await self._count_settled() > before

            await until(is_settled)
        return await self.events()

    async def _count_settled(self) -> int:
        return sum(event == "settled" for event, *_ in await self.published())

    def made(self, **settings: Any) -> EventScheduler:
        """Give one that is not ready."""
        return EventScheduler(SchedulerSettings(**{"scheduler_look_s": 0.01, **settings}), self.clock)

    @asynccontextmanager
    async def running(self, *declares: Declare, **settings: Any) -> AsyncIterator[EventScheduler]:
        """Boot one that publishes and stores here, and shut it down."""
        scheduler = self.made(**settings)
        with owned("system.schedule_events"):
            scheduler.publish_with(self.publish)
            if self.db is not None:
                scheduler.store_in(self.db)
        with owned("shop.digest"):
            for declare in declares:
                declare(scheduler)
        await scheduler.on_ready()
        try:
            yield scheduler
        finally:
            await scheduler.on_shutdown()


@contextmanager
def owned(name: str) -> Iterator[Part]:
    """Be in a hook of a plugin."""
    part = Part(name, f"{name}.py")
    token = owner.set(part)
    try:
        yield part
    finally:
        owner.reset(token)


@asynccontextmanager
async def database(url: str) -> AsyncIterator[Any]:
    """Boot a database that has the scheduler's table, and `published`."""
    db = made(url)
    steps = [Migration(name, sql) for name, sql in {**JOB_TABLES, "002_published": PUBLISHED}.items()]
    await db.on_boot(around(answers=[Answer("system.schedule_events", "schedule_events.py", steps, None)]))
    try:
        yield db
    finally:
        await db.on_shutdown()


async def until(condition: Callable[[], Awaitable[bool]], timeout_s: float = 10) -> None:
    """Wait for something that has to come."""
    async with asyncio.timeout(timeout_s):
        while not await condition():
            await asyncio.sleep(0.005)


def sweep(scheduler: EventScheduler) -> None:
    scheduler.every("sweep", 30, "sweep.due")


def digest(scheduler: EventScheduler) -> None:
    scheduler.cron("digest", "0 7 * * *", "digest.due", {"kind": "daily"})


def by_name(jobs: list[Job]) -> dict[str, Job]:
    return {job.id: job for job in jobs}
