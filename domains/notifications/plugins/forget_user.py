from domains.notifications.models import GoneAccount
from hookspecs import hookimpl
from tools.db.contract import Db
from tools.event_bus.contract import EventBus


class ForgetUser:
    """On `user.deleted`: delete the messages of that user."""

    def __init__(self, db: Db, event_bus: EventBus) -> None:
        self.db, self.bus = db, event_bus

    @hookimpl
    async def on_boot(self) -> None:
        self.bus.subscribe("user.deleted", self.execute, retries=3)

    async def execute(self, user: GoneAccount) -> None:
        await self.db.execute("DELETE FROM notifications WHERE user_id = ?", (user.id,))
