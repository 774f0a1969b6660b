from hookspecs import Refusal, hookimpl
from tools.auth.contract import Auth
from tools.event_bus.contract import EventBus
from tools.http.contract import Http


class DropDeadLetter:
    """POST /system/dead-letters/{id}/drop: let an administrator forget an event that is not tried any more."""

    def __init__(self, http: Http, event_bus: EventBus, auth: Auth) -> None:
        self.http, self.bus, self.auth = http, event_bus, auth

    @hookimpl
    async def on_boot(self) -> None:
        admins = self.auth.require("admin")
        path = "/system/dead-letters/{id:int}/drop"
        self.http.add_endpoint(path, "POST", self.execute, status=204, guard=admins, tags=["System"])

    async def execute(self, id: int) -> None:
        if not await self.bus.drop(id):
            raise Refusal(404, "there is no dead letter of this id")
