from msgspec import convert

from domains.system.models import PartStatus, SystemStatus
from hookspecs import hookimpl
from tools.auth.contract import Auth
from tools.event_bus.contract import EventBus
from tools.http.contract import Http
from tools.registry.contract import Registry


class ShowStatus:
    """GET /system/status: show administrators what stands, what is broken, and how many events wait or failed."""

    def __init__(self, http: Http, registry: Registry, event_bus: EventBus, auth: Auth) -> None:
        self.http, self.registry, self.bus, self.auth = http, registry, event_bus, auth

    @hookimpl
    async def on_boot(self) -> None:
        self.http.add_endpoint("/system/status", "GET", self.execute, guard=self.auth.require("admin"), tags=["System"])

    async def execute(self) -> SystemStatus:
        return SystemStatus(
            health=await self.registry.health(),
            tools=convert(self.registry.tools(), list[PartStatus], from_attributes=True),
            plugins=convert(self.registry.plugins(), list[PartStatus], from_attributes=True),
            pending_deliveries=await self.bus.pending(),
            dead_letters_by_group=await self.bus.failed(),
        )
