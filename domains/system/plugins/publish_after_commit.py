from hookspecs import hookimpl
from tools.db.contract import Db
from tools.event_bus.contract import EventBus


class PublishAfterCommit:
    """Hold the events that a transaction publishes until it is stored, and drop them if it is not."""

    def __init__(self, event_bus: EventBus, db: Db) -> None:
        self.bus, self.db = event_bus, db

    @hookimpl
    async def on_boot(self) -> None:
        self.bus.hold_until(self.db.after_commit)
