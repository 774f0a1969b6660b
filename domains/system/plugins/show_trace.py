from domains.system.models import TraceTree, tree
from hookspecs import Refusal, hookimpl
from tools.auth.contract import Auth
from tools.event_bus.contract import EventBus
from tools.http.contract import Http


class ShowTrace:
    """GET /system/traces/{trace_id}: show administrators what followed from one request, as a tree."""

    def __init__(self, http: Http, event_bus: EventBus, auth: Auth) -> None:
        self.http, self.bus, self.auth = http, event_bus, auth

    @hookimpl
    async def on_boot(self) -> None:
        admins = self.auth.require("admin")
        self.http.add_endpoint("/system/traces/{trace_id}", "GET", self.execute, guard=admins, tags=["System"])

    async def execute(self, trace_id: str) -> TraceTree:
        found = await self.bus.trace(trace_id)
        if not found:
            raise Refusal(404, "no event that is still kept followed from a request of this id")
        return tree(trace_id, found)
