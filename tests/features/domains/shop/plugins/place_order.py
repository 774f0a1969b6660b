from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from hookspecs import hookimpl
from tools.auth.contract import Auth
from tools.db.contract import Db, ForeignKeyError, Migration
from tools.event_bus.contract import EventBus
from tools.http.contract import Context, Http


class NewOrder(Struct, forbid_unknown_fields=True):
    product_id: int
    quantity: Annotated[int, Meta(ge=1, le=100)]


class Order(Struct):
    id: int
    user_id: int
    product_id: int
    quantity: int
    placed_at_utc: datetime


class PlaceOrder:
    """POST /orders: store an order of the caller, publish `order.placed`."""

    def __init__(self, http: Http, db: Db, event_bus: EventBus, auth: Auth) -> None:
        self.http, self.db, self.bus, self.auth = http, db, event_bus, auth

    @hookimpl
    def register_migrations(self) -> list[Migration]:
        return [
            Migration(
                "001_orders",
                "CREATE TABLE orders (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL,"
                " product_id INTEGER NOT NULL REFERENCES products(id), quantity INTEGER NOT NULL,"
                " placed_at_utc TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP)",
            )
        ]

    @hookimpl
    async def on_boot(self) -> None:
        self.http.add_endpoint("/orders", "POST", self.execute, status=201, guard=self.auth.require(),
                               errors={ForeignKeyError: (409, "there is no such product", "/product_id")})  # fmt: skip

    async def execute(self, new: NewOrder, context: Context) -> Order:
        async with self.db.transaction():
            order: Order = await self.db.query_one(
                "INSERT INTO orders (user_id, product_id, quantity) VALUES (?, ?, ?) RETURNING *",
                (int(context.claims.subject), new.product_id, new.quantity),
                into=Order,
            )
            await self.bus.publish("order.placed", order)
        return order
