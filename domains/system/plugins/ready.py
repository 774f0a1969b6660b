from domains.system.models import Ready
from hookspecs import hookimpl
from tools.http.contract import Context, Http
from tools.registry.contract import Registry


class CheckReady:
    """GET /health/ready: say whether requests can be served; 503 when a tool is not well."""

    def __init__(self, http: Http, registry: Registry) -> None:
        self.http, self.registry = http, registry

    @hookimpl
    async def on_boot(self) -> None:
        self.http.add_endpoint("/health/ready", "GET", self.execute, public=True, when_full=True, tags=["System"])

    async def execute(self, context: Context) -> Ready:
        health = await self.registry.health()
        if health.status == "unavailable":
            context.set_status(503)
        return Ready(health.status)
