from collections.abc import Iterable

from hookspecs import hookimpl
from tools.db.contract import Db, Migration
from tools.event_bus.contract import EventBus
from tools.scheduler.contract import JOB_TABLES, Scheduler


class ScheduleEvents:
    """Publish what `scheduler` has due, and keep its jobs in the database."""

    def __init__(self, scheduler: Scheduler, event_bus: EventBus, db: Db) -> None:
        self.scheduler, self.bus, self.db = scheduler, event_bus, db

    @hookimpl
    def register_migrations(self) -> Iterable[Migration]:
        return [Migration(name, sql) for name, sql in JOB_TABLES.items()]

    @hookimpl
    async def on_boot(self) -> None:
        self.scheduler.publish_with(self.bus.publish)
        self.scheduler.store_in(self.db)
