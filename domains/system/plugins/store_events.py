from collections.abc import Iterator

from hookspecs import hookimpl
from tools.db.contract import Db, Migration
from tools.event_bus.contract import LOG_TABLES, EventBus


class StoreEvents:
    """Keep events in the database until they are handled."""

    def __init__(self, event_bus: EventBus, db: Db) -> None:
        self.bus, self.db = event_bus, db

    @hookimpl
    def register_migrations(self) -> Iterator[Migration]:
        yield from (Migration(name, sql) for name, sql in LOG_TABLES.items())

    @hookimpl
    async def on_boot(self) -> None:
        self.bus.store_in(self.db)
