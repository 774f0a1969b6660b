"""The handshake: its guard, its parameters, its answer."""

from typing import Any

import pytest

from hookspecs import Refusal
from tests.contracts.http.websocket.handlers import echo, keeper, room
from tests.contracts.http_socket import Door, connected, connecting, headers
from tools.auth.jwt_auth import JwtAuth
from tools.auth.settings import AuthSettings
from tools.http.contract import Context, Socket


async def who(socket: Socket[str, str]) -> None:
    await socket.send(str(socket.claims))


async def test_a_guard_refuses_before_the_handshake_is_accepted(door: Door) -> None:
    door.add("/x", who, guard=keeper)

    async with connecting(door) as client:
        status, named, problem = await client.refused()
    async with connecting(door, headers=headers([("authorization", "Bearer bad")])) as client:
        forbidden, _, _ = await client.refused()

    assert (status, forbidden) == (401, 403)
    assert (named["content-type"], named["cache-control"]) == ("application/problem+json", "no-store")
    assert named["www-authenticate"] == "Bearer"
    assert (problem["status"], problem["detail"]) == (401, "who are you")


async def test_a_refusal_that_is_a_fault_of_the_server_is_in_the_log(
    door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    async def closed(context: Context) -> None:
        raise Refusal(503, "the keys are not there")

    door.add("/x", who, guard=closed)

    async with connecting(door) as client:
        assert (await client.refused())[0] == 503
    assert [one.getMessage() for one in caplog.records] == ["WS /x: made.feature answered 503: the keys are not there"]


async def test_a_socket_that_ends_in_such_a_refusal_is_in_the_log_too(
    door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    async def lost(socket: Socket[str, str]) -> None:
        raise Refusal(503, "the rows are not there")

    door.add("/x", lost)

    async with connected(door, "/x") as client:
        assert await client.closed() == (4503, "the rows are not there")
    assert [one.getMessage() for one in caplog.records] == ["WS /x: made.feature answered 503: the rows are not there"]


@pytest.mark.parametrize("extensions", [{}, None])
async def test_a_server_that_has_no_answers_to_handshakes_is_told_to_close(door: Door, extensions: Any) -> None:
    door.add("/x", who, guard=keeper)

    async with connecting(door, extensions=extensions) as client:
        assert await client.closed() == (1008, "who are you")
        await client.ended()


@pytest.mark.parametrize(
    ("scope", "subprotocol"),
    [
        ({"headers": headers([("authorization", "Bearer good")])}, None),
        ({"subprotocols": ["bearer", "good"]}, "bearer"),
        ({"subprotocols": ["bearer", "good", "chat"]}, "bearer"),
        ({"headers": headers([("authorization", "Bearer good")]), "subprotocols": ["bearer", "bad"]}, "bearer"),
    ],
    ids=["header", "subprotocol", "one more", "the header goes before"],
)
async def test_a_token_is_in_the_header_or_in_the_subprotocol(door: Door, scope: Any, subprotocol: str | None) -> None:
    door.add("/x", who, guard=keeper)

    async with connecting(door, **scope) as client:
        accepted = await client.next()
        assert (accepted["type"], accepted["subprotocol"]) == ("websocket.accept", subprotocol)
        assert await client.hear() == "ana"


@pytest.mark.parametrize(
    "scope",
    [
        {"path": "/x?access_token=good&token=good"},
        {"headers": headers([("cookie", "token=good")])},
        {"subprotocols": ["bearer"]},
        {"subprotocols": ["good", "bearer"]},
    ],
    ids=["query", "cookie", "no token", "the other way round"],
)
async def test_a_token_is_nowhere_else(door: Door, scope: Any) -> None:
    door.add("/x", who, guard=keeper)
    path = scope.pop("path", "/x")

    async with connecting(door, path, **scope) as client:
        assert (await client.refused())[0] == 401


async def test_the_guards_of_auth_read_a_browsers_token(door: Door) -> None:
    auth = JwtAuth(AuthSettings(auth_secret="0123456789abcdefghijklmnopqrstuvwxyz"))
    await auth.on_boot()
    door.add("/x", who, guard=auth.require("chat"))

    async with connected(door, subprotocols=["bearer", auth.issue("7", scopes=["chat"])]) as client:
        assert "subject='7'" in await client.hear()
    async with connecting(door, subprotocols=["bearer", auth.issue("7")]) as client:
        assert (await client.refused())[0] == 403
    await auth.on_shutdown()


async def test_a_guard_that_fails_refuses_without_its_words(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    async def broken(context: Context) -> None:
        raise KeyError("password")

    door.add("/x", who, guard=broken)

    async with connecting(door) as client:
        status, _, problem = await client.refused()
    assert (status, "detail" in problem) == (500, False)
    assert "WS /x: the guard of made.feature failed" in caplog.text


async def test_parameters_are_bound_as_an_endpoints(door: Door) -> None:
    door.add("/rooms/{id}", room)

    async with connected(door, "/rooms/7?since=3", headers=headers([("x-tenant", "acme")])) as client:
        assert (await client.hear()).startswith("7 3 acme ")


@pytest.mark.parametrize(("path", "status"), [("/rooms/x", 404), ("/rooms/7?since=x", 422), ("/rooms", 404)])
async def test_a_parameter_that_is_not_valid_refuses_the_handshake(door: Door, path: str, status: int) -> None:
    door.add("/rooms/{id}", room)

    async with connecting(door, path) as client:
        assert (await client.refused())[0] == status


async def test_the_guard_comes_before_the_parameters(door: Door) -> None:
    door.add("/rooms/{id}", room, guard=keeper)

    async with connecting(door, "/rooms/x") as client:
        assert (await client.refused())[0] == 401


async def test_the_accepted_handshake_has_the_request_id_and_the_guards_headers(door: Door) -> None:
    async def guard(context: Context) -> None:
        context.set_header("x-seen", "yes")

    door.add("/x", echo, guard=guard)

    async with connecting(door) as client:
        named = dict((await client.next())["headers"])
    assert named[b"x-seen"] == b"yes" and named[b"x-request-id"]


async def test_a_client_that_leaves_before_the_answer_is_no_error(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    door.add("/x", echo)
    door.add("/guarded", echo, guard=keeper)

    for path in ("/x", "/guarded"):
        async with connecting(door, path) as client:
            client.leave()
            await client.ended()
    assert not caplog.records
