"""What can be no WebSocket is refused at boot."""

from typing import Any

import pytest

from tests.contracts.http.websocket.handlers import Opaque, Said, echo, keeper, room
from tests.contracts.http_socket import Door, connected, connecting
from tools.http.contract import RouteError, Socket


async def no_socket(name: str) -> None: ...


async def two_sockets(one: Socket[str, str], other: Socket[str, str]) -> None: ...


def not_async(socket: Socket[str, str]) -> None: ...


async def with_body(socket: Socket[str, str], said: Said) -> None: ...


async def with_data(socket: Socket[str, str], data: dict[str, Any]) -> None: ...


async def receives_opaque(socket: Socket[Opaque, str]) -> None: ...


async def sends_opaque(socket: Socket[str, Opaque]) -> None: ...


async def receives_either(socket: Socket[str | bytes, str]) -> None: ...


async def unresolved(socket: "Socket[Nowhere, str]") -> None: ...  # type: ignore[name-defined]  # noqa: F821


ONE = "write one parameter `socket: Socket[In, Out]`"


@pytest.mark.parametrize(
    ("handler", "options", "words"),
    [
        (no_socket, {}, f"WS /x: the handler has 0 sockets: {ONE}"),
        (two_sockets, {}, f"WS /x: the handler has 2 sockets: {ONE}"),
        (not_async, {}, "is no `async def`"),
        (with_body, {}, "'said' is a body, which a handshake has not"),
        (with_data, {}, "'data' is a body, which a handshake has not"),
        (receives_opaque, {}, "cannot be decoded: use a msgspec.Struct"),
        (sends_opaque, {}, "cannot be decoded: use a msgspec.Struct"),
        (
            receives_either,
            {},
            "WS /x: a message of this type cannot be decoded: Type unions may not contain more than one",
        ),
        (unresolved, {}, "an annotation does not resolve: name 'Nowhere' is not defined"),
        (echo, {"guard": keeper, "public": True}, "WS /x is public and guarded: leave out one of the two"),
        (echo, {"origins": ["app.example"]}, "WS /x: 'app.example' is no origin: write scheme and host"),
        (echo, {"origins": ["https://app.example/"]}, "'https://app.example/' is no origin"),
        (echo, {"origins": ["null"]}, "'null' is no origin"),
        (echo, {"max_message_bytes": 0}, "WS /x: 0 bytes, 100/s: use 1 or more"),
        (echo, {"max_messages_per_s": 0}, "WS /x: 65536 bytes, 0/s: use 1 or more"),
    ],
)
def test_a_route_that_cannot_be_served_is_refused(door: Door, handler: Any, options: Any, words: str) -> None:
    with pytest.raises(RouteError) as error:
        door.add("/x", handler, **options)

    assert words in str(error.value)


def test_a_path_is_served_once(door: Door) -> None:
    door.add("/rooms/{id}", room)

    with pytest.raises(
        RouteError, match=r"WS /rooms/\{name\} is already served by made.feature .* as WS /rooms/\{id\}"
    ):
        door.add("/rooms/{name}", echo_named)


async def echo_named(name: str, socket: Socket[str, str]) -> None: ...


async def test_a_route_goes_with_its_plugin_and_stays_open_where_it_is(door: Door) -> None:
    undo = door.add("/x", echo)

    async with connected(door) as open_one:
        undo.close()
        async with connecting(door) as client:
            assert (await client.refused())[0] == 404
        open_one.say("still here")
        assert await open_one.hear() == "still here"
