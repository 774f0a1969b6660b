from datetime import datetime

from hookspecs import hookimpl
from msgspec import Struct
from tools.auth.contract import Auth
from tools.db.contract import Db
from tools.http.contract import Context, Http, Refusal


class Order(Struct):
    id: int
    product_id: int
    quantity: int
    placed_at_utc: datetime


class ShowOrder:
    """GET /orders/{id}: show an order to the one who placed it."""

    def __init__(self, http: Http, db: Db, auth: Auth) -> None:
        self.http, self.db, self.auth = http, db, auth

    @hookimpl
    async def on_boot(self) -> None:
        self.http.add_endpoint("/orders/{id}", "GET", self.execute, guard=self.auth.require(), tags=["Shop"])

    async def execute(self, id: int, context: Context) -> Order:
        order = await self.db.query_one(
            "SELECT id, product_id, quantity, placed_at_utc FROM orders WHERE id = ? AND user_id = ?",
            (id, int(context.claims.subject)),
            into=Order,
        )
        if order is None:
            raise Refusal(404, "you have no order with this id")
        return order
