from datetime import datetime

from msgspec import Struct

from hookspecs import Refusal, hookimpl
from tools.auth.contract import Auth
from tools.db.contract import Db
from tools.http.contract import Context, Http


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
        self.http.add_endpoint("/orders/{id}", "GET", self.execute, guard=self.auth.require())

    async def execute(self, id: int, context: Context) -> Order:
        order: Order | None = await self.db.query_one(
            "SELECT * FROM orders WHERE id = ? AND user_id = ?", (id, int(context.claims.subject)), into=Order
        )
        if order is None:
            raise Refusal(404, "you have no order with this id")
        return order
