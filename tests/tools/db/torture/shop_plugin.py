from collections.abc import AsyncIterator
from typing import Annotated, Any

from msgspec import Meta, Struct

from hookspecs import hookimpl
from tools.db.contract import Db, Migration
from tools.event_bus.contract import EventBus
from tools.http.contract import Http

Count = Annotated[int, Meta(ge=1, le=1_000)]
LATE_S = 10
TABLES = (
    "stock (item TEXT PRIMARY KEY, count INTEGER NOT NULL CHECK (count >= 0))",
    "deliveries (item TEXT NOT NULL, count INTEGER NOT NULL)",
    "orders (id INTEGER PRIMARY KEY, customer TEXT NOT NULL, state TEXT NOT NULL)",
    "lines (order_id INTEGER NOT NULL REFERENCES orders(id), item TEXT NOT NULL, count INTEGER NOT NULL)",
    "letters (order_id INTEGER PRIMARY KEY)",
    "visits (n INTEGER PRIMARY KEY)",
)


class Line(Struct, forbid_unknown_fields=True):
    item: str
    count: Count


class NewOrder(Struct, forbid_unknown_fields=True):
    customer: str
    lines: Annotated[list[Line], Meta(min_length=1, max_length=10)]


class Order(Struct):
    id: int
    customer: str
    state: str = "placed"


class OutOfStockError(Exception):
    pass


class Shop:
    """POST /shop/orders and what belongs to it: each request is one transaction, and its answer is made inside."""

    def __init__(self, http: Http, db: Db, event_bus: EventBus) -> None:
        self.http, self.db, self.bus = http, db, event_bus

    @hookimpl
    def register_migrations(self) -> list[Migration]:
        return [Migration(f"{number:03}_shop", f"CREATE TABLE {table}") for number, table in enumerate(TABLES, 1)]

    @hookimpl
    async def on_boot(self) -> None:
        once: dict[str, Any] = {"public": True, "idempotent": True, "timeout_s": LATE_S}
        read: dict[str, Any] = {"public": True, "timeout_s": LATE_S}
        out: dict[type[BaseException], tuple[int, str]] = {OutOfStockError: (409, "there is not enough of it")}
        self.http.add_endpoint("/shop/deliveries", "POST", self.deliver, status=201, **once)
        self.http.add_endpoint("/shop/orders", "POST", self.place, status=201, errors=out, **once)
        self.http.add_endpoint("/shop/orders/{id:int}/cancel", "POST", self.cancel, **once)
        self.http.add_endpoint("/shop/orders/{id:int}", "GET", self.show, **read)
        self.http.add_endpoint("/shop/orders", "GET", self.list, **read)
        self.http.add_endpoint("/shop/visits/{n:int}", "PUT", self.visit, public=True)
        await self.bus.subscribe("order.placed", self.write_letter, timeout=LATE_S)

    async def deliver(self, delivery: Line) -> Line:
        async with self.db.transaction():
            values = (delivery.item, delivery.count)
            await self.db.execute("INSERT INTO deliveries (item, count) VALUES (?, ?)", values)
            await self.db.execute(
                "INSERT INTO stock (item, count) VALUES (?, ?)"
                " ON CONFLICT (item) DO UPDATE SET count = stock.count + excluded.count",
                values,
            )
        return delivery

    async def place(self, new: NewOrder) -> Order:
        async with self.db.transaction():
            sql = "INSERT INTO orders (customer, state) VALUES (?, 'placed') RETURNING id, customer, state"
            order: Order = await self.db.query_one(sql, (new.customer,), into=Order)
            for line in new.lines:
                await self._take(line)
            rows = [(order.id, line.item, line.count) for line in new.lines]
            await self.db.execute_many("INSERT INTO lines (order_id, item, count) VALUES (?, ?, ?)", rows)
            await self.bus.publish("order.placed", order)
        return order

    async def _take(self, line: Line) -> None:
        async with self.db.transaction():
            found = await self.db.query_one("SELECT count FROM stock WHERE item = ?", (line.item,))
            if found is None or found["count"] < line.count:
                raise OutOfStockError
            await self.db.execute("UPDATE stock SET count = count - ? WHERE item = ?", (line.count, line.item))

    async def cancel(self, id: int) -> Order | None:
        async with self.db.transaction():
            sql = (
                "UPDATE orders SET state = 'cancelled' WHERE id = ? AND state = 'placed' RETURNING id, customer, state"
            )
            order: Order | None = await self.db.query_one(sql, (id,), into=Order)
            lines = await self.db.query("SELECT item, count FROM lines WHERE order_id = ?", (id,), into=Line)
            for line in lines if order else ():
                await self.db.execute("UPDATE stock SET count = count + ? WHERE item = ?", (line.count, line.item))
        return order

    async def show(self, id: int) -> Order | None:
        sql = "SELECT id, customer, state FROM orders WHERE id = ?"
        order: Order | None = await self.db.query_one(sql, (id,), into=Order)
        return order

    async def list(self) -> list[Order]:
        return [order async for order in self._orders()]

    async def _orders(self) -> AsyncIterator[Order]:
        async for order in self.db.stream("SELECT id, customer, state FROM orders ORDER BY id", into=Order):
            yield order

    async def visit(self, n: int) -> None:
        await self.db.execute("INSERT INTO visits (n) VALUES (?)", (n,))

    async def write_letter(self, order: Order) -> None:
        await self.db.execute("INSERT INTO letters (order_id) VALUES (?) ON CONFLICT DO NOTHING", (order.id,))
