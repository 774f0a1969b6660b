"""Jobs of this process, gone with it. Only `run` awaits anything, so each other method is atomic."""

from bisect import bisect, insort
from collections.abc import Awaitable, Callable
from itertools import islice

from msgspec.structs import replace

from tools.scheduler.job_store import Mark, StoredJob


class MemoryJobs:
    """A dict, and the order in which jobs are due."""

    def __init__(self) -> None:
        self._jobs: dict[str, StoredJob] = {}
        self._order: list[Mark] = []

    async def declare(self, job: StoredJob) -> None:
        if job.id not in self._jobs:  # it is, where somebody cancelled it before
            self._put(job)

    async def add(self, job: StoredJob) -> None:
        self._put(job)

    async def earliest(self, after: Mark, limit: int) -> list[StoredJob]:
        start = bisect(self._order, after)
        return [self._jobs[id] for _, id in islice(self._order, start, start + limit)]

    async def declared(self) -> list[StoredJob]:
        return [job for job in self._jobs.values() if job.schedule and not job.is_cancelled]

    async def listed(self, after: str, limit: int) -> list[StoredJob]:
        return [self._jobs[id] for id in sorted(id for id in self._jobs if id > after)[:limit]]

    async def move(self, job: StoredJob, due_at: int) -> bool:
        is_mine = self._jobs.get(job.id) == job
        if is_mine:
            self._put(replace(job, due_at=due_at))
        return is_mine

    async def run(self, job: StoredJob, due_at: int | None, publish: Callable[[], Awaitable[object]]) -> bool:
        # nobody else runs jobs of this process: what was published is moved, and what was not is still there
        if self._jobs.get(job.id) != job:
            return False
        await publish()
        if self._jobs.get(job.id) == job:
            self._drop(job.id)
            if due_at is not None:
                self._put(replace(job, due_at=due_at))
        return True

    async def cancel(self, job: StoredJob) -> bool:
        found = self._jobs.get(job.id, job)
        if not found.is_cancelled:
            self._put(replace(found, is_cancelled=True))
        return not found.is_cancelled

    async def cancel_stored(self, id: str) -> bool:
        is_there = id in self._jobs
        self._drop(id)
        return is_there

    async def resume(self, id: str, due_at: int) -> bool:
        found = self._jobs.get(id)
        if found is None or not found.is_cancelled:
            return False
        self._put(replace(found, is_cancelled=False, due_at=due_at))
        return True

    def after_commit(self, callback: Callable[[], None]) -> None:
        callback()

    def _put(self, job: StoredJob) -> None:
        self._drop(job.id)
        self._jobs[job.id] = job
        if not job.is_cancelled:
            insort(self._order, (job.due_at, job.id))

    def _drop(self, id: str) -> None:
        found = self._jobs.pop(id, None)
        if found is not None and not found.is_cancelled:
            del self._order[bisect(self._order, (found.due_at, id)) - 1]
