"""Several sockets at once: each by itself."""

import asyncio
from contextvars import ContextVar
from typing import Any

from hookspecs import trace
from tests.contracts.http.websocket.handlers import Said, echo
from tests.contracts.http_socket import Door, connected
from tools.http.contract import Context, Socket

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
