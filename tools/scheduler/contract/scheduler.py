"""What plugins may call on `scheduler`."""

from datetime import datetime
from typing import Protocol

from tools.scheduler.contract.values import Job, Misfire, Publish, Store


class Watched(Protocol):
    """What plugins call that watch the jobs, or say where they are kept and published."""

    async def resume(self, name: str) -> bool:
        """Resume a declared job that was cancelled, from its next due time on; False for any other.

        Raises:
            RuntimeError: before `on_ready`.
        """
        ...

    async def jobs(self, *, after: str = "", limit: int = 100) -> list[Job]:
        """List jobs by id, those above `after`; the ids of `at` sort by time.

        Raises:
            RuntimeError: before `on_ready`.
        """
        ...

    def publish_with(self, publish: Publish) -> None:
        """Publish due events with this, e.g. the bus's `publish`; do it in `on_boot`.

        Raises:
            RuntimeError: outside a hook.
            ValueError: somebody publishes them already.
        """
        ...

    def store_in(self, db: Store) -> None:
        """Keep jobs in this database, and publish inside its transactions; do it in `on_boot`.

        Its tables are `tools.scheduler.contract.JOB_TABLES`. Without it jobs are kept in memory, in each process its
        own, and gone with it.

        Raises:
            RuntimeError: outside a hook.
            ValueError: they are kept already.
        """
        ...


class Scheduler(Watched, Protocol):
    """Publishes events at their time: `subscribe` to what is due, and retries, dead letters and traces are the bus's.

    Kept in the database, each due time is published once over all processes of an app, and none is lost with one.
    """

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
        """Declare in `on_boot` that `event` is due whenever a cron expression says.

        Args:
            name: of the job, unique; it is known by it over restarts.
            expression: `minute hour day month weekday`, e.g. `0 7 * * MON-FRI`, or six fields, the first for seconds.
            event: what is published, e.g. `digest.due`.
            payload: a Struct, or dicts, lists and scalars, up to 256 KiB as JSON; `{}` for None.
            timezone: e.g. `Europe/Rome`. A time that its clocks skip is due at their next minute, one that they show
                twice the first time; with `*` or `*/n` as minute or hour it follows hours as they pass.
            misfire: what happens to due times that passed while nothing ran.
            grace_s: with `skip`, how late still counts as in time, up to a year.

        Raises:
            ValueError: the expression, the time zone or another argument is wrong, or the name is taken.
            RuntimeError: outside a hook.
        """
        ...

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
        """Declare in `on_boot` that `event` is due every so many seconds, counted from its first declaration.

        Args:
            name: as for `cron`.
            seconds: 0.1 to 31,622,400, a leap year. Restarts do not begin anew.
            event: as for `cron`.
            payload: as for `cron`.
            misfire: as for `cron`.
            grace_s: as for `cron`.

        Raises:
            ValueError: an argument is wrong, or the name is taken.
            RuntimeError: outside a hook.
        """
        ...

    async def at(self, when_utc: datetime, event: str, payload: object = None) -> str:
        """Schedule one event, and get its id; stored in the transaction around it.

        It is published however late the next process runs.

        Raises:
            ValueError: `when_utc` has no zone, the payload is not JSON or too large, or the event's name no name.
            RuntimeError: before `on_ready` and after shutdown, or nobody would publish it.
            Refusal: the database is not available.
        """
        ...

    async def cancel(self, id_or_name: str) -> bool:
        """Cancel a job, a declared one until it is resumed, over restarts too.

        Inside `db.transaction()` it is part of that.

        Raises:
            RuntimeError: before `on_ready`.
        """
        ...
