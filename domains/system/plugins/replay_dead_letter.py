from hookspecs import Refusal, hookimpl
from tools.auth.contract import Auth
from tools.event_bus.contract import EventBus
from tools.http.contract import Http


class ReplayDeadLetter:
    """POST /system/dead-letters/{id}/replay: let an administrator deliver an event anew, with all its attempts."""

    def __init__(self, http: Http, event_bus: EventBus, auth: Auth) -> None:
        self.http, self.bus, self.auth = http, event_bus, auth

    @hookimpl
    async def on_boot(self) -> None:
        admins = self.auth.require("admin")
        path = "/system/dead-letters/{id:int}/replay"
        self.http.add_endpoint(path, "POST", self.execute, status=204, guard=admins, tags=["System"])

    async def execute(self, id: int) -> None:
        if not await self.bus.replay(id):
            raise Refusal(404, "there is no dead letter of this id: one that is unroutable waits for its subscriber")
