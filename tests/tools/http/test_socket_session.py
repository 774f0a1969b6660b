"""What a WebSocket's session does when time is over: the client's, the token's, the handler's, the server's."""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any

import pytest

from hookspecs import Refusal, owner
from tests.contracts.http_socket import Door, SocketClient, connected, connecting
from tools.http.contract import Context, Disconnected, Socket
from tools.http.sockets import session as socket_session
from tools.http.sockets.connection import GOODBYE_S
from tools.http.sockets.facts import websocket_fact
from tools.http.sockets.inbox import MOST_WAITING
from tools.http.sockets.route import SocketLimits

SHORT = SocketLimits(send_timeout_s=0.05, grace_s=0.05, guard_timeout_s=0.05)


@pytest.fixture
def door() -> Door:
    return Door(SHORT)


@pytest.fixture(autouse=True)
def warnings_are_seen(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)


async def echo(socket: Socket[str, str]) -> None:
    async for message in socket:
        await socket.send(message)


async def sleeping(socket: Socket[str, str]) -> None:
    await socket.receive()
    await asyncio.sleep(3600)


def held() -> set[str]:
    """Name the tasks of sockets that still run."""
    return {task.get_name() for task in asyncio.all_tasks() if task.get_name().startswith("WS")}


# ---------------------------------------------------------------- slow readers


async def test_a_client_that_does_not_read_is_dropped_and_its_handler_told(door: Door) -> None:
    told: list[str] = []

    async def flooding(socket: Socket[str, str]) -> None:
        await socket.receive()
        try:
            await socket.send("x")
        except Disconnected as gone:
            told.append(str(gone))
            raise

    door.add("/x", flooding)

    async with connected(door) as client:
        client.reads.clear()
        client.say("go")
        await client.ended()
    assert told == ["the client did not read for 0.05 s"]
    assert not held()


async def test_others_are_served_while_a_slow_reader_is_waited_for(door: Door) -> None:
    members: set[Socket[str, str]] = set()

    async def join(socket: Socket[str, str]) -> None:
        members.add(socket)
        async for message in socket:
            await asyncio.gather(*(one.send(message) for one in members), return_exceptions=True)
        members.discard(socket)

    door.add("/x", join)

    async with connected(door) as ana, connected(door) as slow:
        slow.reads.clear()
        for text in ("a", "b", "c"):
            ana.say(text)
            assert await ana.hear() == text
        await slow.ended()
        assert len(members) == 1
        assert not ana.task.done()


async def test_every_message_that_waits_for_a_slow_reader_ends_with_it(door: Door) -> None:
    async def crowd(socket: Socket[str, str]) -> None:
        await socket.receive()
        outcomes.extend(await asyncio.gather(*(socket.send("x") for _ in range(9)), return_exceptions=True))

    outcomes: list[Any] = []
    door.add("/x", crowd)

    async with connected(door) as client:
        client.reads.clear()
        client.say("go")
        await client.ended()
    assert [type(one) for one in outcomes] == [Disconnected] * 9


async def test_a_close_waits_shortly_for_a_client_that_does_not_read(door: Door) -> None:
    async def closing(socket: Socket[str, str]) -> None:
        await socket.receive()
        await socket.close(4000)

    door.add("/x", closing)
    begun_at = time.monotonic()

    async with connected(door) as client:
        client.reads.clear()
        client.say("x")
        await client.ended()
    assert time.monotonic() - begun_at < GOODBYE_S + 1


async def test_a_server_that_takes_no_more_is_a_client_that_left(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    async def closed_server(scope: Any, receive: Any, send: Any) -> None:
        async def refusing(message: Any) -> None:
            if message["type"] != "websocket.accept":
                raise RuntimeError("Unexpected ASGI message, after sending 'websocket.close'")
            await send(message)

        await door(scope, receive, refusing)

    async def speaking(socket: Socket[str, str]) -> None:
        await socket.send("x")

    door.add("/x", speaking)

    async with connected(closed_server) as client:
        await client.ended()
    assert not caplog.records


async def test_no_more_is_taken_from_the_server_than_may_wait(door: Door) -> None:
    go_on = asyncio.Event()

    async def busy(socket: Socket[str, str]) -> None:
        await go_on.wait()
        await socket.send(str(len([await socket.receive() for _ in range(60)])))

    door.add("/x", busy)

    async with connected(door) as client:
        for _ in range(60):
            client.say("x")
        while client.untaken > 60 - MOST_WAITING - 1:
            await asyncio.sleep(0)
        for _ in range(20):
            await asyncio.sleep(0)
        assert client.untaken == 60 - MOST_WAITING - 1
        go_on.set()
        assert await client.hear() == "60"


# ---------------------------------------------------------------- the handler's time


async def test_a_handler_that_goes_on_after_its_client_is_cancelled(
    door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    door.add("/x", sleeping)

    async with connected(door) as client:
        client.say("x")
        client.leave()
        await client.ended()
    assert not held()
    assert caplog.messages == ["WS /x: made.feature went on after its client, and was cancelled"]


async def test_a_handler_that_ignores_its_cancellation_is_named_and_left(
    door: Door, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket_session, "CANCEL_S", 0.05)
    end = asyncio.Event()

    async def stubborn(socket: Socket[str, str]) -> None:
        while not end.is_set():
            try:
                await end.wait()
            except asyncio.CancelledError:
                continue

    door.add("/x", stubborn)

    async with connected(door) as client:
        client.leave()
        await client.ended()
    assert "WS /x: made.feature ignores that it was cancelled" in caplog.messages
    end.set()
    while held():
        await asyncio.sleep(0)


async def test_a_handler_has_its_grace_to_clean_up(door: Door) -> None:
    cleaned: list[str] = []

    async def tidy(socket: Socket[str, str]) -> None:
        async for _ in socket:
            pass
        for _ in range(10):
            await asyncio.sleep(0)
        cleaned.append("all")

    door.add("/x", tidy)

    async with connected(door) as client:
        client.leave()
        await client.ended()
    assert cleaned == ["all"]


async def test_a_server_that_cancels_a_socket_ends_its_handler(door: Door) -> None:
    ended: list[str] = []

    async def waiting(socket: Socket[str, str]) -> None:
        try:
            await socket.receive()
        finally:
            ended.append("handler")

    door.add("/x", waiting)

    async with connected(door) as client:
        client.task.cancel()
        await asyncio.wait([client.task])
        assert client.task.cancelled()
    assert ended == ["handler"]
    assert not held()


# ---------------------------------------------------------------- the token's time


class Claims:
    def __init__(self, expires_at_utc: float) -> None:
        self.expires_at_utc = expires_at_utc


def guard_of(*answers: Any) -> tuple[Callable[[Context], Any], list[Context]]:
    """Make a guard that answers, or raises, these one after the other."""
    left, asked = list(answers), list[Context]()

    async def guard(context: Context) -> Any:
        asked.append(context)
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return guard, asked


@pytest.mark.parametrize("shape", [Claims, lambda at: {"exp": at}], ids=["claims", "a mapping"])
async def test_the_guard_is_asked_again_when_the_tokens_time_is_over(door: Door, shape: Any) -> None:
    guard, asked = guard_of(shape(time.time() + 0.5), Refusal(401, "sign in again"))
    door.add("/x", echo, guard=guard)

    async with connected(door) as client:
        client.say("in time")
        assert await client.hear() == "in time"
        assert await client.closed() == (4401, "sign in again")
        await client.ended()
    assert asked[0] is asked[1]


async def test_a_token_that_lives_on_keeps_its_socket_and_has_new_claims(door: Door) -> None:
    guard, asked = guard_of(Claims(time.time() + 0.02), {"sub": "ana"})

    async def tell(socket: Socket[str, str]) -> None:
        async for _ in socket:
            await socket.send(str(socket.claims))

    door.add("/x", tell, guard=guard)

    async with connected(door) as client:
        while len(asked) < 2:
            await asyncio.sleep(0.01)
        client.say("who")
        assert await client.hear() == "{'sub': 'ana'}"


async def test_a_token_whose_time_ends_during_the_handshake_is_asked_for_at_once(door: Door) -> None:
    guard, _ = guard_of(Claims(time.time() - 1), Refusal(401, "sign in again"))
    door.add("/x", echo, guard=guard)

    async with connected(door) as client:
        assert await client.closed() == (4401, "sign in again")


async def test_a_guard_that_takes_an_old_token_is_asked_again_now_and_then(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket_session, "RECHECK_S", 0.02)
    old = Claims(time.time() - 1)
    guard, asked = guard_of(old, old, old, Refusal(401, "sign in again"))
    door.add("/x", echo, guard=guard)
    begun_at = time.monotonic()

    async with connected(door) as client:
        assert await client.closed() == (4401, "sign in again")
    assert len(asked) == 4
    assert time.monotonic() - begun_at > 0.03


async def test_messages_that_wait_when_the_tokens_time_is_over_are_not_received(door: Door) -> None:
    guard, _ = guard_of(Claims(time.time() + 0.2), Refusal(401, "sign in again"))
    received: list[str] = []
    go_on = asyncio.Event()

    async def slow(socket: Socket[str, str]) -> None:
        async for message in socket:
            received.append(message)
            await go_on.wait()

    door.add("/x", slow, guard=guard)

    async with connected(door) as client:
        client.say("a")
        client.say("b")
        assert (await client.closed())[0] == 4401
        go_on.set()
        await client.ended()
    assert received == ["a"]


async def test_a_guard_that_fails_later_closes_the_socket(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    guard, _ = guard_of(Claims(time.time() + 0.02), KeyError("password"))
    door.add("/x", echo, guard=guard)

    async with connected(door) as client:
        assert await client.closed() == (4500, "Internal Server Error")
    assert caplog.messages == ["WS /x: the guard of made.feature failed"]


@pytest.mark.parametrize("ends", [float("inf"), float("nan"), None, "soon", 10**12])
async def test_claims_without_an_end_are_asked_for_once(door: Door, ends: Any) -> None:
    guard, asked = guard_of({"exp": ends})
    door.add("/x", echo, guard=guard)

    async with connected(door) as client:
        client.say("x")
        assert await client.hear() == "x"
    assert len(asked) == 1


async def test_a_guard_has_its_time(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    async def hanging(context: Context) -> None:
        await asyncio.sleep(3600)

    door.add("/x", echo, guard=hanging)

    async with connecting(door) as client:
        assert (await client.refused())[0] == 504
    assert caplog.messages == ["WS /x: the guard of made.feature took longer than 0.05 s"]


# ---------------------------------------------------------------- room, and the server's end


async def test_a_socket_too_many_is_refused_until_one_ends() -> None:
    door = Door(max_open=2)
    door.add("/x", echo)

    async with connected(door):
        async with connected(door):
            async with connecting(door) as client:
                status, named, _ = await client.refused()
            assert (status, named["retry-after"]) == (503, "1")
        async with connected(door) as client:
            client.say("room again")
            assert await client.hear() == "room again"


async def test_a_handshake_takes_a_place(door: Door) -> None:
    asked, go_on = asyncio.Event(), asyncio.Event()

    async def guard(context: Context) -> None:
        asked.set()
        await go_on.wait()

    door = Door(max_open=1)
    door.add("/x", echo, guard=guard)

    async with connecting(door) as first:
        await asked.wait()
        async with connecting(door) as second:
            assert (await second.refused())[0] == 503
        go_on.set()
        assert (await first.next())["type"] == "websocket.accept"


async def test_the_stop_closes_every_socket_and_takes_no_more(door: Door) -> None:
    ended: list[str] = []

    async def tidy(socket: Socket[str, str]) -> None:
        async for _ in socket:
            pass
        ended.append("handler")

    door.add("/x", tidy)
    door.add("/hanging", sleeping)

    async with connected(door) as one, connected(door) as two, connected(door, "/hanging") as hanging:
        hanging.say("x")
        await door.sockets.close_all()

        assert ended == ["handler"] * 2
        assert not held()
        for client in (one, two, hanging):
            assert await client.closed() == (1012, "the server stops")
        async with connecting(door) as late:
            assert (await late.refused())[0] == 503


async def test_a_handshake_that_the_stop_meets_is_refused(door: Door) -> None:
    asked, go_on = asyncio.Event(), asyncio.Event()

    async def guard(context: Context) -> None:
        asked.set()
        await go_on.wait()

    door = Door()
    door.add("/x", echo, guard=guard)

    async with connecting(door) as client:
        await asked.wait()
        stopping = asyncio.create_task(door.sockets.close_all())
        await asyncio.sleep(0)
        go_on.set()
        assert (await client.refused())[0] == 503
        await stopping


async def test_a_socket_that_is_accepted_while_the_server_stops_is_closed(door: Door) -> None:
    accepting, go_on = asyncio.Event(), asyncio.Event()

    async def slow_server(scope: Any, receive: Any, send: Any) -> None:
        async def slowly(message: Any) -> None:
            accepting.set()
            await go_on.wait()
            await send(message)

        await door(scope, receive, slowly)

    door.add("/x", echo)

    async with connecting(slow_server) as client:
        await accepting.wait()
        stopping = asyncio.create_task(door.sockets.close_all())
        await asyncio.sleep(0)
        go_on.set()
        assert (await client.next())["type"] == "websocket.accept"
        assert await client.closed() == (1012, "the server stops")
        await stopping


async def test_a_thousand_connections_leave_nothing_behind(door: Door) -> None:
    door.add("/x", echo)
    before = len(asyncio.all_tasks())

    for number in range(1_000):
        async with connected(door) as client:
            if number % 2:
                client.say("x")
                await client.hear()
    assert len(asyncio.all_tasks()) == before
    async with connected(door):
        assert held() == {"WS /x", "WS /x pump"}


async def test_a_socket_that_the_server_fails_to_receive_from_is_closed(
    door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken_server(scope: Any, receive: Any, send: Any) -> None:
        calls = 0

        async def failing() -> Any:
            nonlocal calls
            calls += 1
            if calls > 1:
                raise ValueError("broken")
            return await receive()

        await door(scope, failing, send)

    door.add("/x", echo)

    async with connected(broken_server) as client:
        assert await client.closed() == (1011, "")
    assert caplog.messages == ["WS /x: the server failed to receive"]


async def test_what_does_not_begin_with_connect_is_no_handshake(door: Door) -> None:
    door.add("/x", echo)
    client = SocketClient(door, "/x")
    client._arriving.get_nowait()
    client.leave()

    await client.ended()


# ---------------------------------------------------------------- registration


@pytest.mark.parametrize(
    ("origin", "is_taken"), [(b"https://everywhere.example", True), (b"https://any.example", False)]
)
async def test_the_tools_origins_are_every_routes_but_for_the_star(origin: bytes, is_taken: bool) -> None:
    door = Door(origins=["https://everywhere.example", "*"])
    door.add("/x", echo)

    async with connecting(door, headers=[(b"origin", origin)]) as client:
        assert (await client.next()).get("status") == (None if is_taken else 403)


def test_a_route_is_registered_in_a_hook_only(door: Door) -> None:
    with pytest.raises(RuntimeError, match="registered outside a hook"):
        door.sockets.add(owner.get(), "/x", echo, public=True)

    assert not list(door.sockets)


# ---------------------------------------------------------------- the manifest


def test_a_route_says_who_guards_it_and_where_it_is(door: Door) -> None:
    class Bearer:
        scheme, scopes = "bearer", ("chat", "admin")

        async def __call__(self, context: Context) -> None: ...

    door.add("/a", echo)
    door.add("/b", echo, guard=guard_of()[0])
    door.add("/c", echo, guard=Bearer())
    door.add("/d", echo, public=False)

    routes = list(door.sockets)
    assert [one.protection for one in routes] == ["public", "guarded", "bearer:chat:admin", "unguarded"]
    assert {one.line for one in routes} == {echo.__code__.co_firstlineno}


def test_a_route_is_a_fact() -> None:
    async def room(id: int, socket: Socket[str, dict[str, int]], since: int = 0) -> None: ...

    door = Door(origins=["https://app.example"])
    door.add("/rooms/{id}", room, max_message_bytes=10)

    (fact,) = map(websocket_fact, door.sockets)
    assert (fact.kind, fact.owner, fact.name) == ("websocket", "made.feature", "WS /rooms/{id}")
    assert fact.data == {
        "path": "/rooms/{id}",
        "guard": "public",
        "origins": ["https://app.example"],
        "parameters": [
            {"name": "id", "in": "path", "type": "int", "required": True},
            {"name": "since", "in": "query", "type": "int", "required": False},
        ],
        "receives": "str",
        "receives_fields": {},
        "sends": "dict[str, int]",
        "sends_fields": {},
        "max_message_bytes": 10,
        "max_messages_per_s": 100,
    }
