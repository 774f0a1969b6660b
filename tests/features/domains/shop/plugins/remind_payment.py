from datetime import UTC, datetime, timedelta

from msgspec import Struct

from hookspecs import hookimpl
from tools.db.contract import Db, Migration
from tools.event_bus.contract import EventBus
from tools.scheduler.contract import Scheduler


class OrderPlaced(Struct):
    id: int
    user_id: int


class RemindPayment:
    """On `order.placed`: an hour later, store a reminder to pay it."""

    def __init__(self, db: Db, event_bus: EventBus, scheduler: Scheduler) -> None:
        self.db, self.bus, self.scheduler = db, event_bus, scheduler

    @hookimpl
    def register_migrations(self) -> list[Migration]:
        return [
            Migration(
                "001_reminders",
                "CREATE TABLE reminders (order_id INTEGER PRIMARY KEY REFERENCES orders(id), user_id INTEGER NOT NULL)",
            )
        ]

    @hookimpl
    async def on_boot(self) -> None:
        self.bus.subscribe("order.placed", self.plan, transactional=True)
        self.bus.subscribe("order.payment_due", self.remind, transactional=True)

    async def plan(self, order: OrderPlaced) -> None:
        await self.scheduler.at(datetime.now(UTC) + timedelta(hours=1), "order.payment_due", order)

    async def remind(self, order: OrderPlaced) -> None:
        await self.db.execute("INSERT INTO reminders (order_id, user_id) VALUES (?, ?)", (order.id, order.user_id))
