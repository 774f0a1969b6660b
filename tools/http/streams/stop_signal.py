"""Hears that the server was told to stop, when it still waits for its connections.

ASGI says so in `lifespan.shutdown`, after the last connection is closed: too late for a stream that nobody else ends.
"""

import asyncio
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StopSignal:
    """Calls back, on the loop, at the first signal; whoever handled the signal before still does."""

    def __init__(self, callback: Callable[[], None]) -> None:
        self._callback = callback
        self._before: dict[signal.Signals, tuple[Any, Any]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    def install(self) -> None:
        """Listen, if a server handles these signals in this thread; else the process ends by itself."""
        if threading.current_thread() is not threading.main_thread():
            return
        self._loop = asyncio.get_running_loop()
        for number in SIGNALS:
            handle = signal.getsignal(number)
            if callable(handle) and handle is not signal.default_int_handler:
                ours = self._listener(handle)
                self._before[number] = handle, ours
                signal.signal(number, ours)

    def remove(self) -> None:
        """Listen no more; a handler that was put before this one since then stays."""
        self._loop = None
        for number, (before, ours) in self._before.items():
            if signal.getsignal(number) is ours:
                signal.signal(number, before)
        self._before.clear()

    def _listener(self, handle: Callable[[int, FrameType | None], Any]) -> Callable[[int, FrameType | None], None]:
        def heard(number: int, frame: FrameType | None) -> None:
            if self._loop is not None and not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._callback)
            handle(number, frame)

        return heard
