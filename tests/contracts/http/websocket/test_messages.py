"""Messages: as their type says, within their limits."""

from typing import Any

import pytest

from tests.contracts.http.websocket.handlers import Said, Secret, echo, echo_any, echo_bytes, echo_said
from tests.contracts.http_socket import Door, connected
from tools.http.contract import Socket


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
