"""The signal that stops a server is heard beside the server, and never in its place."""

import asyncio
import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from tools.http.streams.stop_signal import StopSignal


@pytest.fixture
def told() -> Iterator[list[int]]:
    """Be a server that handles SIGTERM."""
    numbers: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: numbers.append(number))
    yield numbers
    signal.signal(signal.SIGTERM, before)


async def test_both_the_server_and_the_callback_hear_it(told: list[int]) -> None:
    heard = asyncio.Event()
    stop = StopSignal(heard.set)
    stop.install()

    os.kill(os.getpid(), signal.SIGTERM)

    async with asyncio.timeout(5):
        await heard.wait()
    assert told == [signal.SIGTERM]
    stop.remove()


async def test_once_removed_only_the_server_hears_it(told: list[int]) -> None:
    heard, server = asyncio.Event(), signal.getsignal(signal.SIGTERM)
    stop = StopSignal(heard.set)
    stop.install()

    stop.remove()

    assert signal.getsignal(signal.SIGTERM) is server


async def test_a_handler_that_came_later_stays_and_a_removed_one_is_silent(told: list[int]) -> None:
    heard = asyncio.Event()
    stop = StopSignal(heard.set)
    stop.install()
    ours: Any = signal.getsignal(signal.SIGTERM)

    def later(number: int, frame: Any) -> None:
        ours(number, frame)

    signal.signal(signal.SIGTERM, later)
    stop.remove()
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.sleep(0)

    assert signal.getsignal(signal.SIGTERM) is later
    assert (told, heard.is_set()) == ([signal.SIGTERM], False)


async def test_where_nobody_handles_a_signal_it_ends_the_process_as_before() -> None:
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        StopSignal(lambda: None).install()

        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    finally:
        signal.signal(signal.SIGTERM, before)


async def test_outside_the_main_thread_nothing_is_installed(told: list[int]) -> None:
    server = signal.getsignal(signal.SIGTERM)

    await asyncio.to_thread(StopSignal(lambda: None).install)

    assert signal.getsignal(signal.SIGTERM) is server
