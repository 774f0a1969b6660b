"""Tells, every two seconds, what takes longer than that."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

_EVERY_S = 2.0


class Progress:
    """What is being done now, and since when."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self.begin("starting")

    def begin(self, text: str) -> None:
        """Begin something else: its time counts from now."""
        self.text, self._start_s = text, time.monotonic()
        self._due_s = self._start_s + _EVERY_S

    def say(self, text: str) -> None:
        """Say it in other words; from any thread."""
        self.text = text

    @asynccontextmanager
    async def during(self, text: str) -> AsyncIterator[None]:
        """Tell `text`, or what came in its place, for as long as the block lasts."""
        self.begin(text)
        task = asyncio.ensure_future(self._repeat())
        try:
            yield
        finally:
            task.cancel()

    async def _repeat(self) -> None:
        while True:
            if (rest_s := self._due_s - time.monotonic()) > 0:  # `begin` may put it off meanwhile
                await asyncio.sleep(rest_s)
            else:
                self._due_s += _EVERY_S
                self._tell(f"{self.text}, {time.monotonic() - self._start_s:.0f} s")
