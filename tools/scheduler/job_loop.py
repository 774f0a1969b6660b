"""What runs jobs: it looks for those that are due, sleeps until the next one, and never for long.

The wall clock says what is due, as that has to outlive the process; how long to sleep is counted by the monotonic one.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from contextvars import Context
from functools import partial

import msgspec

from hookspecs import Refusal, Trace, trace
from tools.scheduler.contract import Publish
from tools.scheduler.declared_job import DeclaredJob
from tools.scheduler.job_store import JobStore, StoredJob
from tools.scheduler.outages import Outages

log = logging.getLogger(__name__)
PAGE = 100
SHORTEST_SLEEP_S = 0.002  # a timer may ring a little early
LOST_SLEEP_S = 0.05  # a lost race is nearly always one that somebody won: then there is nothing left to find
PUBLISH_TIMEOUT_S = 60.0
LOOKS_AT_CLOCK_S = 30.0
FIRST = -(2**62)  # a time before 1970 is one too
LOOK = "looking for due jobs"


class JobLoop:
    """One task; `look_s` is how long it sleeps at most."""

    def __init__(
        self, jobs: JobStore, declared: Mapping[str, DeclaredJob], clock: Callable[[], float], look_s: float
    ) -> None:
        self._jobs, self._declared, self._clock, self._look_s = jobs, declared, clock, look_s
        self._publisher: Publish | None = None
        self._outages, self._news = Outages(), asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._seen_ms, self._clock_seen_s, self._sleep_s, self._is_declared = 0, 0.0, look_s, False
        self.wake = self._news.set

    def now(self) -> int:
        """Read the wall clock, in milliseconds."""
        return int(self._clock() * 1000)

    def start(self, publisher: Publish | None) -> None:
        """Declare what is declared, and then, where there is a publisher, run what is due until `stop`."""
        self._publisher = publisher
        # a context of its own: what is current at boot is not what jobs are run for
        self._task = asyncio.create_task(self._live(), name="scheduler", context=Context())

    async def stop(self) -> None:
        """Stop; a job that is being run is run by the next process, or by another one."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _live(self) -> None:
        while not self._is_declared or self._publisher is not None:
            self._news.clear()
            await self._try_to_look()
            try:
                async with asyncio.timeout(max(self._outages.wait_s(LOOK), self._sleep_s)):
                    await self._news.wait()
            except TimeoutError:
                continue

    async def _try_to_look(self) -> None:
        try:
            await self._look()
        except Exception as error:
            self._outages.failed(LOOK, error)
        else:
            self._outages.worked(LOOK)

    async def _look(self) -> None:
        """Run what is due, and find out how long to sleep."""
        self._sleep_s = self._look_s
        if not self._is_declared:
            await self._declare()
        if self._publisher is None:
            return
        await self._see_clock()
        now, after = self.now(), (FIRST, "")  # what is due later is seen by the next look, as is what has been added
        limit = 1  # nearly always it is not due yet, and the payloads of those after it need not be read
        while page := await self._jobs.earliest(after, limit):
            for job in page:
                if job.due_at > now:
                    self._sleep(max(SHORTEST_SLEEP_S, (job.due_at - self.now()) / 1000))
                    return
                await self._run(job)
            after, limit = (page[-1].due_at, page[-1].id), PAGE

    async def _declare(self) -> None:
        for job in [*self._declared.values()]:
            await self._jobs.declare(job.stored(self.now()))
        self._is_declared = True

    async def _see_clock(self) -> None:
        """Take declared jobs back that are too far away, at first and after the clock was set back."""
        now, monotonic_s = self.now(), time.monotonic()
        if now < self._seen_ms or monotonic_s >= self._clock_seen_s + LOOKS_AT_CLOCK_S or not self._seen_ms:
            for job in await self._jobs.declared():
                mine = self._mine(job)
                if mine and (due_at := mine.taken_back(job.due_at, now)) and await self._jobs.move(job, due_at):
                    log.warning("scheduler moved %r to a nearer time, as the clock was set back", job.id)
            self._clock_seen_s = monotonic_s
        self._seen_ms = now

    async def _run(self, job: StoredJob) -> None:
        mine = self._mine(job)
        if job.schedule and mine is None:
            return  # another process may know it, of another version
        if wait_s := max(map(self._outages.wait_s, _names(job))):
            self._sleep(wait_s)
            return
        try:
            # a context of its own, in which db has stored nothing yet: so it can say that a conflict did no harm
            is_published = await asyncio.create_task(self._attempt(job, mine), context=Context())
        except (Exception, asyncio.CancelledError) as error:
            if (me := asyncio.current_task()) and me.cancelling():
                raise
            self._failed(job, error)
        else:
            for name in _names(job)[not is_published :]:
                self._outages.worked(name)

    async def _attempt(self, job: StoredJob, declared: DeclaredJob | None) -> bool:
        """Publish what is due of a job; False where nothing was, or another process did."""
        if declared is None:
            return await self._jobs.run(job, None, partial(self._publish, job))
        for step in declared.steps(job.due_at, self.now()):
            due = msgspec.structs.replace(job, due_at=step.due_at)
            if not step.is_published:
                await self._jobs.move(due, step.next_due_at)
                return False
            if not await self._jobs.run(due, step.next_due_at, partial(self._publish, due)):
                return False
        return True

    def _failed(self, job: StoredJob, error: BaseException) -> None:
        is_refusal = isinstance(error, Refusal)
        if is_refusal and getattr(error, "runs_again", False):  # somebody else was faster
            self._sleep(LOST_SLEEP_S)
            return
        name = _names(job)[not is_refusal]
        self._outages.failed(name, error)
        self._sleep(self._outages.wait_s(name))

    async def _publish(self, job: StoredJob) -> None:
        assert self._publisher is not None, "without one, jobs are not looked for"
        what = self._mine(job) or job
        # it belongs to what scheduled it
        trace.set(Trace(job.trace_id, event_id=job.cause_id))
        async with asyncio.timeout(PUBLISH_TIMEOUT_S):
            await self._publisher(what.event, msgspec.json.decode(what.payload))

    def _mine(self, job: StoredJob) -> DeclaredJob | None:
        declared = self._declared.get(job.id)
        return declared if declared and declared.schedule.text == job.schedule else None

    def _sleep(self, wait_s: float) -> None:
        self._sleep_s = min(self._sleep_s, wait_s)


def _names(job: StoredJob) -> tuple[str, str]:
    """Name what may be out: the event, which the bus refuses, and the job."""
    return f"publishing {job.event!r}", f"running {job.id!r}"
