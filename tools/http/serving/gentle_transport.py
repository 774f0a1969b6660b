"""What an answer is written to while its request may still be coming."""

import asyncio
from collections.abc import Callable


class GentleTransport:
    """All of a transport that uvicorn's answers use; it is its protocol that closes it."""

    __slots__ = ("close", "is_closing", "write")

    def __init__(self, transport: asyncio.Transport, close: Callable[[], None]) -> None:
        self.write, self.is_closing, self.close = transport.write, transport.is_closing, close
