"""What a work of `http` offers beside plain endpoints: it says so, and refuses the rest by name, at boot."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Annotated, Any

import pytest
from msgspec import Struct

from tests.contracts.http.models import nothing
from tests.contracts.http_served import Boot, Served, hook
from tools.http.contract import Context, File, Form, Http, RouteError, Socket, Upload


class Note(Struct):
    title: str


async def takes_form(new: Annotated[Note, Form()]) -> None: ...
async def takes_file(picture: Annotated[Upload, File()]) -> None: ...


async def streams() -> AsyncIterator[bytes]:
    yield b""


async def talks(socket: Socket[str, str]) -> None: ...


async def sets_etag(context: Context) -> None:
    context.set_etag("1")


async def checks_etag(context: Context) -> None:
    context.check_etag("1")


def adds(method: str, handler: Callable[..., Any], **options: Any) -> Callable[[Http], None]:
    return lambda http: http.add_endpoint("/x", method, handler, public=True, **options)


ASKS: dict[str, list[Callable[[Http], None]]] = {
    "form": [adds("POST", takes_form)],
    "file": [adds("POST", takes_file)],
    "stream": [adds("GET", streams)],
    "websocket": [lambda http: http.add_websocket("/x", talks, public=True)],
    "sse": [lambda http: http.add_sse("/x", streams, public=True)],
    "static": [lambda http: http.add_static("/x", Path(__file__).parent, public=True)],
    "mount": [lambda http: http.mount("/x", nothing)],
    "rate_limit": [adds("GET", nothing, rate_limit="1/minute")],
    "idempotency": [adds("POST", nothing, idempotent=True)],
    "cache": [adds("GET", nothing, cache_s=1.0)],
    "etag": [adds("GET", nothing, etag=True), adds("GET", sets_etag), adds("PUT", checks_etag)],
}
ANSWERED = {"openapi", "commands"}  # nobody registers these


@pytest.mark.parametrize(("name", "ask"), [(name, ask) for name, asks in ASKS.items() for ask in asks])
async def test_a_capability_is_offered_or_refused_by_name_with_the_remedy(
    boot: Boot, request: pytest.FixtureRequest, name: str, ask: Callable[[Http], None]
) -> None:
    http, refused = await boot(), ""

    with hook("shop.orders"):
        try:
            ask(http.http)
        except RouteError as error:
            refused = str(error)

    work = request.node.callspec.params["boot"]
    lacking = f"shop.orders (shop.orders.py) asks http for {name!r}, which {work} does not offer: set TOOL_HTTP="
    assert refused.startswith(lacking) is (name not in http.http.capabilities)
    assert not refused or refused.startswith(lacking)


async def test_a_work_names_no_capability_that_nobody_knows(http: Served) -> None:
    assert http.http.capabilities <= {*ASKS, *ANSWERED}


async def test_counters_can_be_kept_elsewhere_and_a_plain_route_does_not_notice(http: Served) -> None:
    class Counters:
        async def get(self, key: str) -> Any: ...
        async def set(self, key: str, value: Any, *, ttl: float | None = None) -> None: ...
        async def increment(self, key: str, by: int = 1, *, ttl: float | None = None) -> int:
            return by

        async def delete(self, key: str) -> None: ...
        async def ttl(self, key: str) -> float | None: ...

    with hook():
        http.http.keep_in(Counters())
        http.add("/x", "GET", lambda: "x")

    assert (await http.get("/x")).json() == "x"
