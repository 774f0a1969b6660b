"""What has arrived on a WebSocket and is not received yet: bounded in number, size and rate."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from tools.http.contract import Disconnected
from tools.http.sockets.codes import POLICY, TOO_BIG, Closing

MOST_WAITING, MOST_WAITING_BYTES = 32, 131_072
"""Beyond, nothing more is taken from the server, which then stops reading: the client has to wait."""
LONGEST_CHARACTER = 4  # bytes, in UTF-8


class Inbox:
    """The messages of one socket in the order of arrival; several tasks may take from it.

    Args:
        max_bytes: largest message.
        per_second: most messages in a second, which may come at once.
        now: seconds of a clock that never goes back.
    """

    def __init__(self, max_bytes: int, per_second: int, now: Callable[[], float] = time.monotonic) -> None:
        self._max_bytes, self._per_second, self._now = max_bytes, per_second, now
        self._credit, self._counted_at = float(per_second), now()
        self._messages: deque[str | bytes] = deque()
        self._waiting_bytes = 0  # a text's characters, for that matter
        self._has_news, self._has_room = asyncio.Event(), asyncio.Event()
        self._has_room.set()
        self._is_over = False

    async def put(self, message: Any) -> None:
        """Keep a message of ASGI, once there is room.

        Raises:
            Closing: 1008, one too many in this second; 1009, it is too large.
        """
        text = message.get("text")
        data: str | bytes = message.get("bytes") or b"" if text is None else text
        self._count()
        self._measure(data)
        await self._has_room.wait()
        if self._is_over:
            return
        self._messages.append(data)
        self._waiting_bytes += len(data)
        self._has_news.set()
        if len(self._messages) >= MOST_WAITING or self._waiting_bytes >= MOST_WAITING_BYTES:
            self._has_room.clear()

    async def take(self) -> str | bytes:
        """Wait for the next message.

        Raises:
            Disconnected: there will be none.
        """
        while not self._messages:
            if self._is_over:
                raise Disconnected("the client is gone")
            self._has_news.clear()
            await self._has_news.wait()
        data = self._messages.popleft()
        self._waiting_bytes -= len(data)
        if self._waiting_bytes < MOST_WAITING_BYTES:
            self._has_room.set()
        return data

    def end(self, *, forget: bool = False) -> None:
        """Take no more; what is there can still be received, unless it is to be forgotten."""
        self._is_over = True
        if forget:
            self._messages.clear()
        self._has_room.set()
        self._has_news.set()

    def _count(self) -> None:
        now, most = self._now(), self._per_second
        self._credit = min(float(most), self._credit + (now - self._counted_at) * most)
        self._counted_at = now
        if self._credit < 1:
            raise Closing(POLICY, f"more than {most} messages in a second")
        self._credit -= 1

    def _measure(self, data: str | bytes) -> None:
        if len(data) * LONGEST_CHARACTER <= self._max_bytes:
            return
        size = len(data) if isinstance(data, bytes) or data.isascii() else len(data.encode(errors="replace"))
        if size > self._max_bytes:
            raise Closing(TOO_BIG, f"a message is larger than {self._max_bytes} bytes")
