from msgspec import Struct

from hookspecs import hookimpl
from tools.db.contract import Db, Migration
from tools.event_bus.contract import EventBus


class OrderPlaced(Struct):
    product_id: int
    quantity: int


class CountSales:
    """On `order.placed`: count what was sold of each product, each order once."""

    def __init__(self, db: Db, event_bus: EventBus) -> None:
        self.db, self.bus = db, event_bus

    @hookimpl
    def register_migrations(self) -> list[Migration]:
        return [Migration("001_sales", "CREATE TABLE sales (product_id INTEGER PRIMARY KEY, sold INTEGER NOT NULL)")]

    @hookimpl
    async def on_boot(self) -> None:
        self.bus.subscribe("order.placed", self.execute, transactional=True)

    async def execute(self, order: OrderPlaced) -> None:
        await self.db.execute(
            "INSERT INTO sales (product_id, sold) VALUES (?, ?)"
            " ON CONFLICT (product_id) DO UPDATE SET sold = sales.sold + excluded.sold",
            (order.product_id, order.quantity),
        )
