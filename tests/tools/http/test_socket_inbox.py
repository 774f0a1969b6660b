"""What has arrived on a WebSocket: its bounds, its order, and who is woken."""

import asyncio

import pytest

from tools.http.contract import Disconnected
from tools.http.sockets.codes import Closing
from tools.http.sockets.inbox import MOST_WAITING, MOST_WAITING_BYTES, Inbox


def text(data: str) -> dict[str, object]:
    return {"type": "websocket.receive", "text": data, "bytes": None}


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


async def test_several_tasks_take_each_message_once() -> None:
    inbox = Inbox(100, 100)
    takers = [asyncio.create_task(inbox.take()) for _ in range(5)]
    await asyncio.sleep(0)

    for number in range(5):
        await inbox.put(text(str(number)))

    assert sorted(await asyncio.gather(*takers)) == list("01234")


async def test_the_end_wakes_everybody_after_what_is_there() -> None:
    inbox = Inbox(100, 100)
    takers = [asyncio.create_task(inbox.take()) for _ in range(3)]
    await asyncio.sleep(0)

    await inbox.put(text("last"))
    inbox.end()

    outcomes = await asyncio.gather(*takers, return_exceptions=True)
    assert outcomes[0] == "last"
    assert [type(one) for one in outcomes[1:]] == [Disconnected] * 2


async def test_who_waits_for_room_goes_on_when_one_is_taken_or_at_the_end() -> None:
    inbox = Inbox(100, 1_000)
    for _ in range(MOST_WAITING):
        await inbox.put(text("x"))
    waiting = asyncio.create_task(inbox.put(text("one more")))
    await asyncio.sleep(0)
    assert not waiting.done()

    await inbox.take()
    await waiting
    too_late = asyncio.create_task(inbox.put(text("too late")))
    await asyncio.sleep(0)
    inbox.end()
    await too_late

    assert [await inbox.take() for _ in range(MOST_WAITING)][-1] == "one more"
    with pytest.raises(Disconnected):
        await inbox.take()


async def test_large_messages_that_wait_are_few() -> None:
    inbox = Inbox(MOST_WAITING_BYTES, 1_000)
    await inbox.put(text("x"))
    await inbox.put(text("x" * MOST_WAITING_BYTES))
    waiting = asyncio.create_task(inbox.put(text("last")))
    await asyncio.sleep(0)

    assert await inbox.take() == "x"
    await asyncio.sleep(0)
    assert not waiting.done()
    await inbox.take()
    await waiting
    assert await inbox.take() == "last"


async def test_what_is_to_be_forgotten_is_not_received() -> None:
    inbox = Inbox(100, 100)
    await inbox.put(text("x"))

    inbox.end(forget=True)

    with pytest.raises(Disconnected):
        await inbox.take()


async def test_the_rate_is_a_second_s_worth_at_once_and_then_one_by_one() -> None:
    clock = Clock()
    inbox = Inbox(100, 10, clock)
    for _ in range(10):
        await inbox.put(text("x"))
    with pytest.raises(Closing, match="more than 10 messages in a second"):
        await inbox.put(text("x"))

    clock.now_s += 0.125
    await inbox.put(text("x"))
    with pytest.raises(Closing):
        await inbox.put(text("x"))
    clock.now_s += 3600
    for _ in range(10):
        await inbox.put(text("x"))
    with pytest.raises(Closing):
        await inbox.put(text("x"))


@pytest.mark.parametrize(
    ("message", "is_taken"),
    [
        ({"text": "x" * 10}, True),
        ({"text": "x" * 11}, False),
        ({"text": "é" * 5}, True),
        ({"text": "é" * 6}, False),
        ({"text": "😀" * 3}, False),
        ({"text": None, "bytes": b"x" * 10}, True),
        ({"bytes": b"x" * 11}, False),
        ({"text": ""}, True),
    ],
)
async def test_a_message_is_measured_in_bytes(message: dict[str, object], is_taken: bool) -> None:
    inbox = Inbox(10, 10)

    if not is_taken:
        with pytest.raises(Closing, match="a message is larger than 10 bytes"):
            await inbox.put(message)
        return
    await inbox.put(message)
    assert await inbox.take() == (message["bytes"] if message.get("text") is None else message["text"])
