from msgspec import Struct

from hookspecs import hookimpl
from tools.db.contract import Db
from tools.event_bus.contract import EventBus


class NewUser(Struct):
    id: int
    name: str


class SendWelcome:
    """On `user.created`: store a welcome, once a user."""

    def __init__(self, db: Db, event_bus: EventBus) -> None:
        self.db, self.bus = db, event_bus

    @hookimpl
    async def on_boot(self) -> None:
        self.bus.subscribe("user.created", self.execute, retries=3)

    async def execute(self, user: NewUser) -> None:
        await self.db.execute(
            "INSERT INTO notifications (user_id, kind, message) VALUES (?, 'welcome', ?)"
            " ON CONFLICT (user_id, kind) DO NOTHING",
            (user.id, f"Welcome, {user.name}!"),
        )
