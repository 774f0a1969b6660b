"""Jobs in a database, shared by the processes of an app."""

from collections.abc import Awaitable, Callable

from msgspec.structs import asdict

from tools.scheduler.contract import Store
from tools.scheduler.job_store import Mark, StoredJob

_INSERT = """
INSERT INTO _scheduled_jobs (id, schedule, due_at, is_cancelled, event, payload, owner, trace_id, cause_id)
VALUES (:id, :schedule, :due_at, :is_cancelled, :event, :payload, :owner, :trace_id, :cause_id)
"""
_DECLARE = f"""{_INSERT} ON CONFLICT (id) DO UPDATE SET
    due_at = CASE _scheduled_jobs.schedule WHEN excluded.schedule THEN _scheduled_jobs.due_at ELSE excluded.due_at END,
    schedule = excluded.schedule, event = excluded.event, payload = excluded.payload, owner = excluded.owner
WHERE _scheduled_jobs.schedule <> excluded.schedule OR _scheduled_jobs.event <> excluded.event
    OR _scheduled_jobs.payload <> excluded.payload OR _scheduled_jobs.owner <> excluded.owner
"""
_CANCEL = f"{_INSERT} ON CONFLICT (id) DO UPDATE SET is_cancelled = TRUE WHERE NOT _scheduled_jobs.is_cancelled"
_EARLIEST = """
SELECT * FROM _scheduled_jobs WHERE NOT is_cancelled AND (due_at, id) > (?, ?) ORDER BY due_at, id LIMIT ?
"""
_MOVE = "UPDATE _scheduled_jobs SET due_at = ? WHERE id = ? AND due_at = ? AND schedule = ? AND NOT is_cancelled"
_RESUME = "UPDATE _scheduled_jobs SET is_cancelled = FALSE, due_at = ? WHERE id = ? AND is_cancelled"


class SqlJobs:
    """One table; a due time is taken by whoever changes it, in the transaction that publishes."""

    def __init__(self, db: Store) -> None:
        self._db = db

    async def declare(self, job: StoredJob) -> None:
        await self._db.execute(_DECLARE, asdict(job))

    async def add(self, job: StoredJob) -> None:
        await self._db.execute(_INSERT, asdict(job))

    async def earliest(self, after: Mark, limit: int) -> list[StoredJob]:
        return await self._db.query(_EARLIEST, (*after, limit), into=StoredJob)

    async def declared(self) -> list[StoredJob]:
        return await self._db.query(
            "SELECT * FROM _scheduled_jobs WHERE schedule <> '' AND NOT is_cancelled", into=StoredJob
        )

    async def listed(self, after: str, limit: int) -> list[StoredJob]:
        return await self._db.query(
            "SELECT * FROM _scheduled_jobs WHERE id > ? ORDER BY id LIMIT ?", (after, limit), into=StoredJob
        )

    async def move(self, job: StoredJob, due_at: int) -> bool:
        return bool(await self._db.execute(_MOVE, (due_at, job.id, job.due_at, job.schedule)))

    async def run(self, job: StoredJob, due_at: int | None, publish: Callable[[], Awaitable[object]]) -> bool:
        async with self._db.transaction():
            is_mine = await (self._delete(job) if due_at is None else self.move(job, due_at))
            if is_mine:
                await publish()
        return is_mine

    async def cancel(self, job: StoredJob) -> bool:
        return bool(await self._db.execute(_CANCEL, {**asdict(job), "is_cancelled": True}))

    async def cancel_stored(self, id: str) -> bool:
        if await self._db.execute("DELETE FROM _scheduled_jobs WHERE id = ? AND schedule = ''", (id,)):
            return True
        return bool(
            await self._db.execute(
                "UPDATE _scheduled_jobs SET is_cancelled = TRUE WHERE id = ? AND NOT is_cancelled", (id,)
            )
        )

    async def resume(self, id: str, due_at: int) -> bool:
        return bool(await self._db.execute(_RESUME, (due_at, id)))

    def after_commit(self, callback: Callable[[], None]) -> None:
        self._db.after_commit(callback)

    async def _delete(self, job: StoredJob) -> bool:
        return bool(
            await self._db.execute("DELETE FROM _scheduled_jobs WHERE id = ? AND due_at = ?", (job.id, job.due_at))
        )
