import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator

from hookspecs import hookimpl
from msgspec import Struct
from tools.auth.contract import Auth
from tools.event_bus.contract import EventBus
from tools.http.contract import Context, Http, ServerEvent


class OrderPlaced(Struct):
    id: int
    user_id: int
    product_id: int


class FollowOrders:
    """GET /orders/stream: the caller's orders as they are placed, as server-sent events."""

    def __init__(self, http: Http, event_bus: EventBus, auth: Auth) -> None:
        self.http, self.bus, self.auth = http, event_bus, auth
        self.queues: dict[int, set[asyncio.Queue[OrderPlaced]]] = defaultdict(set)

    @hookimpl
    async def on_boot(self) -> None:
        self.bus.subscribe("order.placed", self.hear)
        self.http.add_sse("/orders/stream", self.execute, guard=self.auth.require(), tags=["Shop"])

    async def hear(self, order: OrderPlaced) -> None:
        for queue in self.queues.get(order.user_id, ()):
            queue.put_nowait(order)

    async def execute(self, context: Context) -> AsyncIterator[ServerEvent]:
        user_id = int(context.claims.subject)
        queue: asyncio.Queue[OrderPlaced] = asyncio.Queue(100)
        self.queues[user_id].add(queue)
        try:
            while True:
                order = await queue.get()
                yield ServerEvent(order, "order", str(order.id))
        finally:
            self.queues[user_id].discard(queue)
