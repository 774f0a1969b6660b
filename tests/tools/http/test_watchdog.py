"""Which handler blocks the loop is in the log within a second."""

import asyncio
import ctypes
import logging
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tools.http.serving.watchdog import LoopWatchdog

HANDLER = """import time

def handle(block):
    called(block)

def called(block):
    block()
"""


@pytest.fixture
def handle(tmp_path: Path) -> Callable[[Callable[[], object]], None]:
    file = tmp_path / "shop" / "plugins" / "pay.py"
    names: dict[str, Callable[[Callable[[], object]], None]] = {}
    exec(compile(HANDLER, str(file), "exec"), names)
    return names["handle"]


@pytest.fixture
async def watchdog(tmp_path: Path) -> AsyncIterator[LoopWatchdog]:
    one = LoopWatchdog(0.25, [tmp_path / "shop"])
    one.start(asyncio.get_running_loop())
    yield one
    one.stop()


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]


def sleep() -> None:
    time.sleep(0.4)


async def test_a_handler_that_sleeps_is_named_while_it_does(
    watchdog: LoopWatchdog,
    handle: Callable[[Callable[[], object]], None],
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> None:
    told: list[str] = []

    def block() -> None:
        sleep()
        told.extend(warnings(caplog))

    handle(block)

    (text,) = told
    assert text.startswith(f"{tmp_path}/shop/plugins/pay.py:7 in called blocks the event loop for more than 0.25 s: ")
    assert "in sleep\n    time.sleep(0.4)" in text


async def test_the_same_place_is_told_once(
    watchdog: LoopWatchdog, handle: Callable[[Callable[[], object]], None], caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        handle(sleep)
        await asyncio.sleep(0.2)

    assert len(warnings(caplog)) == 1


async def test_waiting_is_not_blocking(watchdog: LoopWatchdog, caplog: pytest.LogCaptureFixture) -> None:
    await asyncio.sleep(0.6)

    assert warnings(caplog) == []


async def test_what_holds_every_thread_is_told_afterwards(
    watchdog: LoopWatchdog, caplog: pytest.LogCaptureFixture
) -> None:
    ctypes.PyDLL(None).usleep(600_000)  # without letting go of the interpreter's lock
    await asyncio.sleep(0.2)

    (text,) = warnings(caplog)
    assert text.startswith("the event loop stood still for 0.")


async def test_outside_of_the_folders_the_innermost_frame_is_named(caplog: pytest.LogCaptureFixture) -> None:
    one = LoopWatchdog(0.25)
    one.start(asyncio.get_running_loop())
    await asyncio.sleep(0)

    sleep()
    one.stop()

    (text,) = warnings(caplog)
    assert "test_watchdog.py:" in text
    assert " in sleep blocks the event loop" in text


async def test_zero_watches_nothing_and_a_stopped_one_neither(caplog: pytest.LogCaptureFixture) -> None:
    off, stopped = LoopWatchdog(0), LoopWatchdog(0.25)
    off.start(asyncio.get_running_loop())
    stopped.start(asyncio.get_running_loop())
    stopped.stop()

    sleep()
    await asyncio.sleep(0.2)
    off.stop()

    assert warnings(caplog) == []
