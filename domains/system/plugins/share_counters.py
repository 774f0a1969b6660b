from hookspecs import hookimpl
from tools.http.contract import Http
from tools.state.contract import State


class ShareCounters:
    """Share rate limits and idempotency keys by `state`."""

    def __init__(self, http: Http, state: State) -> None:
        self.http, self.state = http, state

    @hookimpl
    async def on_boot(self) -> None:
        self.http.keep_in(self.state.namespace("http"))
