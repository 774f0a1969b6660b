import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from msgspec import Struct

from hookspecs import hookimpl
from tools.auth.contract import Auth
from tools.db.contract import Db, Migration
from tools.event_bus.contract import EventBus
from tools.http.contract import Context, Header, Http, ServerEvent


class OrderPlaced(Struct):
    id: int
    user_id: int


class News(Struct):
    id: int
    order_id: int


class FollowOrders:
    """GET /orders/stream: the caller's orders as they are placed, as server-sent events that a client can resume."""

    def __init__(self, http: Http, db: Db, event_bus: EventBus, auth: Auth) -> None:
        self.http, self.db, self.bus, self.auth = http, db, event_bus, auth

    @hookimpl
    def register_migrations(self) -> list[Migration]:
        return [
            Migration(
                "001_order_news",
                "CREATE TABLE order_news (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL, order_id INTEGER NOT NULL);"
                " CREATE INDEX order_news_user ON order_news (user_id, id)",
            )
        ]

    @hookimpl
    async def on_boot(self) -> None:
        self.bus.subscribe("order.placed", self.note, transactional=True)
        self.http.add_sse("/orders/stream", self.execute, guard=self.auth.require())

    async def note(self, order: OrderPlaced) -> None:
        await self.db.execute("INSERT INTO order_news (user_id, order_id) VALUES (?, ?)", (order.user_id, order.id))

    async def execute(
        self, context: Context, last_id: Annotated[int, Header("last-event-id")] = 0
    ) -> AsyncIterator[ServerEvent]:
        while True:  # whichever process heard of an order, this one finds it
            found: list[News] = await self.db.query(
                "SELECT id, order_id FROM order_news WHERE user_id = ? AND id > ? ORDER BY id LIMIT 100",
                (int(context.claims.subject), last_id),
                into=News,
            )
            for news in found:
                yield ServerEvent(news, "order", str(news.id))
                last_id = news.id
            await asyncio.sleep(1)
