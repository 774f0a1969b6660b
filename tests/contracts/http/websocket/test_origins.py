"""Whose pages may connect."""

import pytest

from tests.contracts.http.websocket.handlers import echo
from tests.contracts.http_socket import Door, connected, connecting, headers
from tools.http.contract import Context

SAME = "http://localhost"


@pytest.mark.parametrize(
    ("origin", "is_taken"),
    [
        (None, True),
        (SAME, True),
        ("http://LOCALHOST:80", True),
        ("https://localhost", False),
        ("http://localhost:8000", False),
        ("http://evil.example", False),
        ("http://localhost.evil.example", False),
        ("http://evil-localhost", False),
        ("http://localhost@evil.example", False),
        ("null", False),
        ("", False),
        ("https://app.example", True),
        ("https://app.example:443", True),
        ("https://app.example:444", False),
        ("http://app.example", False),
        ("https://app.example.evil.example", False),
    ],
)
async def test_a_page_of_another_origin_is_refused(door: Door, origin: str | None, is_taken: bool) -> None:
    door.add("/x", echo, origins=["https://App.example"])
    given = [] if origin is None else [("origin", origin)]

    async with connecting(door, headers=headers(given)) as client:
        message = await client.next()

    assert (message["type"] == "websocket.accept") is is_taken
    assert message.get("status") == (None if is_taken else 403)


async def test_the_own_origin_has_the_scheme_and_port_of_the_request(door: Door) -> None:
    door.add("/x", echo)
    host = {"headers": [(b"host", b"app.example:8443"), (b"origin", b"https://app.example:8443")]}

    async with connecting(door, scheme="ws", headers=host["headers"][1:]) as client:
        assert (await client.refused())[0] == 403
    for scheme in ("wss", "https"):
        async with connecting(door, scheme=scheme, headers=[(b"origin", b"https://localhost")]) as client:
            assert (await client.next())["type"] == "websocket.accept"


async def test_two_origins_are_none(door: Door) -> None:
    door.add("/x", echo)

    async with connecting(door, headers=headers([("origin", SAME), ("origin", "http://evil.example")])) as client:
        assert (await client.refused())[0] == 403


async def test_a_route_may_be_open_to_every_page(door: Door) -> None:
    door.add("/x", echo, origins=["*"])

    async with connected(door, headers=headers([("origin", "https://any.example")])) as client:
        client.say("hi")
        assert await client.hear() == "hi"


async def test_a_refused_page_never_reaches_the_guard(door: Door) -> None:
    async def guard(context: Context) -> None:
        raise AssertionError("it was asked")

    door.add("/x", echo, guard=guard)

    async with connecting(door, headers=headers([("origin", "http://evil.example")])) as client:
        assert (await client.refused())[0] == 403
