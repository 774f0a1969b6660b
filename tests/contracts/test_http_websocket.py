"""What every WebSocket of `http` keeps; what its parts do under a real server is in tests/servers."""

import asyncio
import logging
from collections.abc import Callable
from contextvars import ContextVar
from typing import Annotated, Any

import pytest
from msgspec import Meta, Struct

from hookspecs import Refusal, trace
from tests.contracts.http_socket import Door, connected, connecting, headers
from tools.auth.jwt_auth import JwtAuth
from tools.auth.settings import AuthSettings
from tools.http.contract import Context, Disconnected, Header, RouteError, Socket


class Said(Struct):
    text: Annotated[str, Meta(max_length=20)]
    likes: int = 0


class Secret(Said):
    password: str = "argon2"


class Opaque:
    pass


@pytest.fixture
def door() -> Door:
    return Door()


async def echo(socket: Socket[str, str]) -> None:
    async for message in socket:
        await socket.send(message)


async def echo_bytes(socket: Socket[bytes, bytes]) -> None:
    async for message in socket:
        await socket.send(message)


async def echo_said(socket: Socket[Said, Said]) -> None:
    async for said in socket:
        assert type(said) is Said
        await socket.send(said)


async def echo_any(socket: Socket) -> None:  # type: ignore[type-arg]  # what a beginner writes
    async for message in socket:
        await socket.send(message)


# ---------------------------------------------------------------- messages


@pytest.mark.parametrize(
    ("handler", "data"),
    [
        (echo, "añ😀"),
        (echo, ""),
        (echo_bytes, b"\x00\xff"),
        (echo_bytes, b""),
        (echo_said, '{"text":"hi","likes":0}'),
        (echo_any, '{"any":[1,null]}'),
    ],
)
async def test_a_message_comes_and_goes_as_its_type_says(door: Door, handler: Any, data: str | bytes) -> None:
    door.add("/x", handler)

    async with connected(door) as client:
        client.say(data)

        assert await client.hear() == data


async def test_what_a_message_leaves_out_is_its_default(door: Door) -> None:
    door.add("/x", echo_said)

    async with connected(door) as client:
        client.say_json({"text": "hi", "unknown": 1})

        assert await client.hear_json() == {"text": "hi", "likes": 0}


@pytest.mark.parametrize(
    ("handler", "data", "end"),
    [
        (echo, b"hi", (1003, "send text, not binary messages")),
        (echo_said, b'{"text":"hi"}', (1003, "send text, not binary messages")),
        (echo_bytes, "hi", (1003, "send binary messages, not text")),
        (echo_said, '{"text"', (1007, "the message is no JSON text, or is nested too deeply")),
        (echo_said, "", (1007, "the message is no JSON text, or is nested too deeply")),
        (echo_any, "[" * 60_000, (1007, "the message is no JSON text, or is nested too deeply")),
        (echo_said, '{"text":1}', (1007, "Expected `str`, got `int` - at `$.text`")),
        (echo_said, "{}", (1007, "Object missing required field `text`")),
        (echo_said, '{"text":"a","likes":9223372036854775808}', (1007, "Expected an `int` of 64 bits - at `$.likes`")),
        (echo, "é" * 40_000, (1009, "a message is larger than 65536 bytes")),
        (echo_bytes, b"x" * 65_537, (1009, "a message is larger than 65536 bytes")),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)[:40]),
)
async def test_a_message_that_is_not_taken_closes_its_socket(
    door: Door, handler: Any, data: str | bytes, end: tuple[int, str]
) -> None:
    door.add("/x", handler)

    async with connected(door) as client:
        client.say(data)

        assert await client.closed() == end


@pytest.mark.parametrize("data", ["x" * 65_536, "é" * 32_768, b"x" * 65_536], ids=["ascii", "two bytes", "binary"])
async def test_the_largest_message_is_taken(door: Door, data: str | bytes) -> None:
    door.add("/x", echo if isinstance(data, str) else echo_bytes)

    async with connected(door) as client:
        client.say(data)

        assert await client.hear() == data


async def test_a_route_has_limits_of_its_own(door: Door) -> None:
    door.add("/x", echo, max_message_bytes=3, max_messages_per_s=2)

    async with connected(door) as client:
        client.say("abcd")
        assert await client.closed() == (1009, "a message is larger than 3 bytes")
    async with connected(door) as client:
        for text in "abc":
            client.say(text)
        assert (await client.closed_after())[1] == (1008, "more than 2 messages in a second")


async def test_more_messages_in_a_second_than_are_taken_close_the_socket(door: Door) -> None:
    door.add("/x", echo_bytes)

    async with connected(door) as client:
        for _ in range(100):
            client.say(b"x")
        assert [await client.hear() for _ in range(100)] == [b"x"] * 100
        for _ in range(100):
            client.say(b"x")

        heard, end = await client.closed_after()
        assert len(heard) < 50
        assert end == (1008, "more than 100 messages in a second")


async def test_what_was_right_is_handled_before_what_was_wrong_closes_the_socket(door: Door) -> None:
    door.add("/x", echo_said)

    async with connected(door) as client:
        client.say_json({"text": "a"})
        client.say("wrong")

        assert (await client.hear_json())["text"] == "a"
        assert (await client.closed())[0] == 1007


async def test_nothing_leaves_but_the_declared_type(door: Door) -> None:
    async def leaking(socket: Socket[str, Said]) -> None:
        await socket.send(Secret("hi", 1, "s3cret"))

    door.add("/x", leaking)

    async with connected(door) as client:
        assert await client.hear_json() == {"text": "hi", "likes": 1}


@pytest.mark.parametrize("message", [b"bytes", 7, None])
async def test_what_is_not_the_declared_type_is_an_error_of_the_handler(
    door: Door, message: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async def wrong(socket: Socket[str, str]) -> None:
        await socket.send(message)

    door.add("/x", wrong)

    async with connected(door) as client:
        assert await client.closed() == (1011, "")
    assert "socket.send got a" in caplog.text


# ---------------------------------------------------------------- ends


async def test_the_end_of_the_handler_closes_the_socket(door: Door) -> None:
    async def brief(socket: Socket[str, str]) -> None:
        await socket.send("bye")

    door.add("/x", brief)

    async with connected(door) as client:
        assert await client.hear() == "bye"
        assert await client.closed() == (1000, "")
        await client.ended()


async def test_a_handler_closes_with_a_code_and_nothing_comes_after(door: Door) -> None:
    seen: list[Any] = []

    async def closing(socket: Socket[str, str]) -> None:
        await socket.receive()
        await socket.close(4000, "é" * 100)
        await socket.close(4001, "again")
        for use in (socket.receive(), socket.send("x")):
            with pytest.raises(Disconnected):
                await use
        seen.extend([message async for message in socket])
        seen.append("ended")

    door.add("/x", closing)

    async with connected(door) as client:
        client.say("a")
        client.say("b")
        assert await client.closed() == (4000, "é" * 61)
        await client.ended()
    assert seen == ["ended"]


@pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1015, 2999, 5000])
async def test_a_code_that_no_frame_can_carry_is_an_error(door: Door, code: int) -> None:
    async def closing(socket: Socket[str, str]) -> None:
        with pytest.raises(ValueError, match=f"socket.close: {code} is no code that can be sent"):
            await socket.close(code)

    door.add("/x", closing)

    async with connected(door) as client:
        assert await client.closed() == (1000, "")


@pytest.mark.parametrize("error", [RuntimeError("password=1"), SystemExit(3), asyncio.CancelledError()])
async def test_an_error_of_the_handler_is_logged_and_says_nothing(
    door: Door, error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    async def failing(socket: Socket[str, str]) -> None:
        raise error

    door.add("/x", failing)

    async with connected(door) as client:
        assert await client.closed() == (1011, "")
        await client.ended()
    (record,) = caplog.records
    assert record.message == "WS /x: made.feature failed"
    assert record.exc_info is not None and record.exc_info[1] is error


async def test_a_refusal_closes_with_its_status_and_words(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    async def refusing(socket: Socket[str, str]) -> None:
        await socket.receive()
        raise Refusal(409, "the room is full: try another")

    door.add("/x", refusing)

    async with connected(door) as client:
        client.say("x")
        assert await client.closed() == (4409, "the room is full: try another")
    assert not caplog.records


async def test_a_client_that_leaves_ends_the_iteration_after_what_it_said(door: Door) -> None:
    heard: list[str] = []

    async def listening(socket: Socket[str, str]) -> None:
        async for message in socket:
            heard.append(message)  # noqa: PERF401 (as an author writes it)
        heard.append("end")

    door.add("/x", listening)

    async with connected(door) as client:
        for text in "abc":
            client.say(text)
        client.leave()
        await client.ended()
    assert heard == ["a", "b", "c", "end"]


def _in_group(call: Callable[[Socket[str, str]], Any]) -> Callable[[Socket[str, str]], Any]:
    async def grouped(socket: Socket[str, str]) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(call(socket))

    return grouped


async def _receive_twice(socket: Socket[str, str]) -> None:
    await socket.receive()
    await socket.receive()


async def _send_for_ever(socket: Socket[str, str]) -> None:
    await socket.receive()
    while True:
        await socket.send("x")


@pytest.mark.parametrize("is_grouped", [False, True], ids=["alone", "in a task group"])
@pytest.mark.parametrize("call", [_receive_twice, _send_for_ever])
async def test_a_client_that_leaves_is_no_error_of_the_handler(
    door: Door, call: Any, is_grouped: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async def handler(socket: Socket[str, str]) -> None:
        await (_in_group(call) if is_grouped else call)(socket)

    door.add("/x", handler)

    async with connected(door) as client:
        client.say("go")
        client.leave()
        await client.ended()
    assert not caplog.records


async def test_another_sockets_end_is_no_silent_end_of_this_one(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    async def careless(socket: Socket[str, str]) -> None:
        raise Disconnected("of a member of the room")

    door.add("/x", careless)

    async with connected(door) as client:
        assert await client.closed() == (1011, "")
    assert "WS /x: made.feature failed" in caplog.text


# ---------------------------------------------------------------- handshake


async def keeper(context: Context) -> str:
    token = context.headers.get("authorization")
    if token is None:
        raise Refusal(401, "who are you")
    if token != "Bearer good":
        raise Refusal(403, "not you")
    return "ana"


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


async def room(
    id: int, socket: Socket[str, str], context: Context, since: int = 0, tenant: Annotated[str, Header("x-tenant")] = ""
) -> None:
    await socket.send(f"{id} {since} {tenant} {context.request_id}")


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


# ---------------------------------------------------------------- several at once

COLOUR = ContextVar("colour", default="none")


async def test_nothing_that_a_handler_sets_is_seen_by_another(door: Door) -> None:
    async def painting(socket: Socket[str, str]) -> None:
        before = COLOUR.get()
        COLOUR.set(await socket.receive())
        await socket.send(f"{before} {COLOUR.get()} {bool(trace.get().request_id)}")

    door.add("/x", painting)

    async with connected(door) as one, connected(door) as other:
        for client, colour in ((one, "red"), (other, "blue")):
            client.say(colour)
            assert await client.hear() == f"none {colour} True"
    assert COLOUR.get() == "none"


async def test_what_the_guard_sets_is_the_handlers(door: Door) -> None:
    async def guard(context: Context) -> None:
        COLOUR.set("green")

    async def tell(socket: Socket[str, str]) -> None:
        await socket.send(COLOUR.get())

    door.add("/x", tell, guard=guard)

    async with connected(door) as client:
        assert await client.hear() == "green"


class Room:
    """WS /room: what one says, all hear."""

    def __init__(self) -> None:
        self.members: set[Socket[Said, Said]] = set()

    async def join(self, socket: Socket[Said, Said]) -> None:
        self.members.add(socket)
        try:
            async for said in socket:
                await asyncio.gather(*(one.send(said) for one in self.members), return_exceptions=True)
        finally:
            self.members.discard(socket)


async def test_a_room_is_a_set_of_sockets(door: Door) -> None:
    plugin = Room()
    door.add("/x", plugin.join)

    async with connected(door) as ana, connected(door) as ben, connected(door) as eve:
        eve.leave()
        await eve.ended()
        for client, text in ((ana, "hi"), (ben, "hello")):
            client.say_json({"text": text})
            assert [(await one.hear_json())["text"] for one in (ana, ben)] == [text, text]
    assert not plugin.members


async def test_messages_of_several_tasks_go_out_one_by_one(door: Door) -> None:
    at_once = most = 0

    async def slow_server(scope: Any, receive: Any, send: Any) -> None:
        async def slowly(message: Any) -> None:
            nonlocal at_once, most
            at_once += 1
            most = max(most, at_once)
            await asyncio.sleep(0)
            await send(message)
            at_once -= 1

        await door(scope, receive, slowly)

    async def crowd(socket: Socket[str, str]) -> None:
        await asyncio.gather(*(socket.send(str(number)) for number in range(20)))

    door.add("/x", crowd)

    async with connected(slow_server) as client:
        assert [await client.hear() for _ in range(20)] == [str(number) for number in range(20)]
    assert most == 1


async def test_a_slow_reader_holds_nobody_else_up(door: Door) -> None:
    plugin = Room()
    door.add("/x", plugin.join)

    async with connected(door) as ana, connected(door) as ben, connected(door) as slow:
        slow.reads.clear()
        for number in range(3):
            (ana, ben)[number % 2].say_json({"text": str(number)})
        heard = [[(await one.hear_json())["text"] for _ in range(2)] for one in (ana, ben)]
    assert heard == [["0", "1"], ["0", "1"]]


async def test_a_sender_that_never_waits_leaves_others_their_turn(door: Door) -> None:
    async def endless(socket: Socket[str, str]) -> None:
        while True:
            await socket.send("x")

    door.add("/x", endless)
    door.add("/echo", echo)

    async with connected(door), connected(door, "/echo") as client:
        client.say("hi")
        assert await client.hear() == "hi"


# ---------------------------------------------------------------- registration


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


@pytest.fixture(autouse=True)
def warnings_are_seen(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
