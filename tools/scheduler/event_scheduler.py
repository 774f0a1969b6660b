"""The scheduler: what plugins declare and add, and the life of the loop that runs it."""

import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from hookspecs import Fact, Finding, System, hookimpl, owner, trace
from tools.scheduler.contract import Job, Misfire, Publish, Store
from tools.scheduler.declared_job import LONGEST_NAME, DeclaredJob, encoded, event_name
from tools.scheduler.job_loop import JobLoop
from tools.scheduler.job_store import JobStore, StoredJob
from tools.scheduler.memory_jobs import MemoryJobs
from tools.scheduler.schedule import LONGEST_S, Schedule, cron, every
from tools.scheduler.settings import SchedulerSettings
from tools.scheduler.sql_jobs import SqlJobs

ONCE = "at-"  # how the ids of `at` begin: no name does


class EventScheduler:
    """Keeps `Scheduler`."""

    def __init__(self, settings: SchedulerSettings, clock: Callable[[], float]) -> None:
        self._settings, self._clock = settings, clock
        self._declared: dict[str, DeclaredJob] = {}
        self._publisher: tuple[str, Publish] | None = None
        self._store: tuple[str, Store] | None = None
        self._loop: JobLoop | None = None
        self._jobs: JobStore | None = None
        self._is_closed = False

    @hookimpl
    def describe(self) -> Iterator[Fact]:
        if self._store is None:
            summary = "in memory: each process runs its own jobs, and those of `at` are lost with it"
            yield Fact("transport", "scheduler", "memory", summary, {"is_default": True})  # the tree decides it
        kept = {"stored": self._store is not None, "runs_here": self._runs_jobs}
        for job in self._declared.values():
            what = {"schedule": job.schedule.text, "event": job.event, "misfire": job.misfire, **kept}
            yield Fact("job", job.owner, job.name, f"{job.schedule.text}: publish {job.event}", what)

    @hookimpl
    def check(self, system: System) -> Iterator[Finding]:
        if self._declared and self._publisher is None:
            jobs = ", ".join(f"{job.name} ({job.owner})" for job in self._declared.values())
            advice = f"do it in a plugin, or remove these jobs: {jobs}"
            message = f"scheduler runs no jobs, as nobody called `scheduler.publish_with(event_bus.publish)`: {advice}"
            yield Finding("jobs-not-published", message, is_error=False)

    @hookimpl
    async def on_ready(self) -> None:
        self._jobs = SqlJobs(self._store[1]) if self._store else MemoryJobs()
        self._loop = JobLoop(self._jobs, self._declared, self._clock, self._settings.scheduler_look_s)
        self._loop.start(self._publisher[1] if self._publisher and self._settings.scheduler_enabled else None)

    @hookimpl
    async def on_shutdown(self) -> None:
        self._is_closed = True
        if self._loop is not None:
            await self._loop.stop()

    def cron(
        self,
        name: str,
        expression: str,
        event: str,
        payload: object = None,
        *,
        timezone: str = "UTC",
        misfire: Misfire = "once",
        grace_s: float = 60,
    ) -> None:
        self._declare(name, lambda: cron(expression, timezone), event, payload, misfire, grace_s)

    def every(
        self,
        name: str,
        seconds: float,
        event: str,
        payload: object = None,
        *,
        misfire: Misfire = "once",
        grace_s: float = 60,
    ) -> None:
        self._declare(name, lambda: every(seconds), event, payload, misfire, grace_s)

    async def at(self, when_utc: datetime, event: str, payload: object = None) -> str:
        jobs, loop = self._ready()
        if reason := self._unrunnable():
            raise RuntimeError(f"scheduler takes no {event!r}, as {reason}")
        if when_utc.tzinfo is None:
            raise ValueError(f"scheduler takes no {event!r}, as {when_utc} has no zone: use `datetime.now(UTC)`")
        try:
            job = _once(when_utc.astimezone(UTC), event_name(event), encoded(payload))
        except ValueError as error:
            raise ValueError(f"scheduler takes no {event!r}: {error}") from error
        await jobs.add(job)
        jobs.after_commit(loop.wake)
        return job.id

    async def cancel(self, id_or_name: str) -> bool:
        jobs, loop = self._ready()
        if declared := self._declared.get(id_or_name):
            return await jobs.cancel(declared.stored(loop.now()))
        return await jobs.cancel_stored(id_or_name)

    async def resume(self, name: str) -> bool:
        jobs, loop = self._ready()
        declared = self._declared.get(name)
        if declared is None or not await jobs.resume(name, declared.stored(loop.now()).due_at):
            return False
        jobs.after_commit(loop.wake)
        return True

    async def jobs(self, *, after: str = "", limit: int = 100) -> list[Job]:
        jobs, _ = self._ready()
        return [self._shown(job) for job in await jobs.listed(after, limit)]

    def publish_with(self, publish: Publish) -> None:
        who = owner.get()
        if self._publisher is not None:
            raise ValueError(f"{who.name} cannot publish jobs, as {self._publisher[0]} does: remove one of the two")
        who.undo.callback(setattr, self, "_publisher", None)
        self._publisher = (who.name, publish)

    def store_in(self, db: Store) -> None:
        who = owner.get()
        if self._store is not None:
            raise ValueError(f"{who.name} cannot store jobs, as {self._store[0]} does: remove one of the two")
        who.undo.callback(setattr, self, "_store", None)
        self._store = (who.name, db)

    @property
    def _runs_jobs(self) -> bool:
        return self._publisher is not None and self._settings.scheduler_enabled

    def _declare(
        self,
        name: str,
        schedule: Callable[[], Schedule],
        event: str,
        payload: object,
        misfire: Misfire,
        grace_s: float,
    ) -> None:
        who = owner.get()
        if other := self._declared.get(name):
            raise ValueError(f"{who.name} declares job {name!r}, as {other.owner} does: give it another name")
        try:
            if not 0 < len(name) <= LONGEST_NAME or name.startswith(ONCE):
                raise ValueError(f"give it a name of 1 to {LONGEST_NAME} characters that does not begin with {ONCE!r}")
            if misfire not in ("once", "skip", "all") or not 0 <= grace_s <= LONGEST_S:
                raise ValueError(f"misfire={misfire!r}, grace_s={grace_s!r}: give once, skip or all, and 0 to a year")
            event, grace_ms = event_name(event), int(grace_s * 1000)
            job = DeclaredJob(name, who.name, schedule(), event, encoded(payload), misfire, grace_ms)
        except ValueError as error:
            raise ValueError(f"{who.name} declares job {name!r} wrongly, {error}") from error
        who.undo.callback(self._declared.pop, name, None)
        self._declared[name] = job

    def _unrunnable(self) -> str:
        """Say why what is added now would never be published."""
        if self._publisher is None:
            return "nobody would publish it: call `scheduler.publish_with(event_bus.publish)` in a plugin"
        if self._store is None and not self._settings.scheduler_enabled:
            advice = "call `scheduler.store_in(db)` in a plugin, or set SCHEDULER_ENABLED=true"
            return f"only this process would know of it, and runs no jobs: {advice}"
        return ""

    def _ready(self) -> tuple[JobStore, JobLoop]:
        if self._jobs is None or self._loop is None:
            raise RuntimeError(
                "scheduler knows no stored jobs yet, as the system still boots: ask in `on_ready` or later"
            )
        if self._is_closed:
            raise RuntimeError("scheduler has shut down: ask before")
        return self._jobs, self._loop

    def _shown(self, job: StoredJob) -> Job:
        state: Any = "scheduled" if not job.schedule or job.id in self._declared else "undeclared"
        return Job(
            id=job.id,
            schedule=job.schedule,
            event=job.event,
            payload=msgspec.json.decode(job.payload),
            owner=job.owner,
            due_at_utc=datetime.fromtimestamp(job.due_at / 1000, UTC),
            state="cancelled" if job.is_cancelled else state,
        )


def _once(when: datetime, event: str, payload: str) -> StoredJob:
    cause = trace.get()
    return StoredJob(
        # sorts by time
        id=f"{ONCE}{when.replace(tzinfo=None).isoformat(timespec='milliseconds')}-{secrets.token_hex(8)}",
        schedule="",
        due_at=int(when.timestamp() * 1000),
        event=event,
        payload=payload,
        trace_id=cause.trace_id,
        cause_id=cause.event_id or cause.request_id,
    )
