from domains.system.models import Live
from hookspecs import hookimpl
from tools.http.contract import Http


class CheckLive:
    """GET /health/live: say that the process answers."""

    def __init__(self, http: Http) -> None:
        self.http = http

    @hookimpl
    async def on_boot(self) -> None:
        self.http.add_endpoint("/health/live", "GET", self.execute, public=True, when_full=True, tags=["System"])

    async def execute(self) -> Live:
        return Live()
