from domains.system.models import TraceTree, tree
from hookspecs import hookimpl
from tools.assistant.contract import Assistant
from tools.auth.contract import Auth
from tools.db.contract import Db
from tools.event_bus.contract import EventBus
from tools.http.contract import Http


class ServeMcp:
    """/mcp: show an assistant on this machine what stands, and rehearse calls for it; in development only."""

    def __init__(self, assistant: Assistant, http: Http, db: Db, event_bus: EventBus, auth: Auth) -> None:
        self.assistant, self.http, self.db, self.bus, self.auth = assistant, http, db, event_bus, auth

    @hookimpl
    async def on_boot(self) -> None:
        app = self.assistant.compose(transaction=self.db.transaction, issue=self.auth.issue, trace=self.trace)
        if app is not None and "mount" in self.http.capabilities:
            self.http.mount("/mcp", app)

    async def trace(self, trace_id: str) -> TraceTree:
        return tree(trace_id, await self.bus.trace(trace_id))
