"""What the scheduler needs of whatever keeps its jobs: in memory or in a database, each call is whole or nothing."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from msgspec import Struct


class StoredJob(Struct, frozen=True, kw_only=True):
    """A row. `due_at` is in milliseconds since 1970, UTC; `schedule` is empty for a job that is due once."""

    id: str
    schedule: str
    due_at: int
    is_cancelled: bool = False
    event: str
    payload: str
    owner: str = ""
    trace_id: str = ""
    cause_id: str = ""
    """The request or the event that the job was scheduled in."""


Mark = tuple[int, str]
"""Due time and id: jobs are run in this order."""


class JobStore(Protocol):
    """Jobs, changed by a compare-and-set on their due time: of many that try, one wins."""

    async def declare(self, job: StoredJob) -> None:
        """Add a job; of one that is there, only a changed schedule changes the due time."""
        ...

    async def add(self, job: StoredJob) -> None:
        """Add a job of a new id."""
        ...

    async def earliest(self, after: Mark, limit: int) -> list[StoredJob]:
        """List those that are not cancelled, in order, due or not."""
        ...

    async def declared(self) -> list[StoredJob]:
        """List those with a schedule that are not cancelled."""
        ...

    async def listed(self, after: str, limit: int) -> list[StoredJob]:
        """List all, by id."""
        ...

    async def move(self, job: StoredJob, due_at: int) -> bool:
        """Move a job to another due time; False where somebody changed it meanwhile."""
        ...

    async def run(self, job: StoredJob, due_at: int | None, publish: Callable[[], Awaitable[object]]) -> bool:
        """Publish, and move the job, or with None delete it; False where somebody did meanwhile."""
        ...

    async def cancel(self, job: StoredJob) -> bool:
        """Cancel a declared job, whether it is stored or not; False where it is cancelled already."""
        ...

    async def cancel_stored(self, id: str) -> bool:
        """Delete a job that is due once, cancel another one; False for none."""
        ...

    async def resume(self, id: str, due_at: int) -> bool:
        """Take the cancellation of a job back; False where it is not cancelled."""
        ...

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Call back when what was changed can be seen by others."""
        ...
