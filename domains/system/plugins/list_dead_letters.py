from hookspecs import hookimpl
from tools.auth.contract import Auth
from tools.event_bus.contract import DeadLetter, EventBus
from tools.http.contract import Http, Page, Paging


class ListDeadLetters:
    """GET /system/dead-letters: show administrators the events that are not tried any more, a page at a time."""

    def __init__(self, http: Http, event_bus: EventBus, auth: Auth) -> None:
        self.http, self.bus, self.auth = http, event_bus, auth

    @hookimpl
    async def on_boot(self) -> None:
        admins = self.auth.require("admin")
        self.http.add_endpoint("/system/dead-letters", "GET", self.execute, guard=admins, tags=["System"])

    async def execute(self, page: Paging) -> Page[DeadLetter]:
        (after,) = page.start(0)
        return page.of(await self.bus.dead_letters(after=after, limit=page.rows), lambda one: one.id)
