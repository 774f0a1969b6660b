"""How a WebSocket ends: by its handler, by a refusal, by its client."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from hookspecs import Refusal
from tests.contracts.http_socket import Door, connected
from tools.http.contract import Disconnected, Socket


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
