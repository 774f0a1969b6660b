"""A WebSocket, as its handler sees it."""

from collections.abc import AsyncIterator
from typing import Any, Protocol, TypeVar

In = TypeVar("In", covariant=True)
Out = TypeVar("Out", contravariant=True)


class Disconnected(Exception):  # noqa: N818 (an end, not a fault: a handler may let it pass)
    """The other side of a WebSocket is gone."""


class Socket(Protocol[In, Out]):
    """A WebSocket, accepted; `Socket[str, str]` is text, `Socket[bytes, bytes]` binary, any other type JSON.

    `async for message in socket` ends when the client leaves.
    """

    @property
    def claims(self) -> Any:
        """What the route's guard answered; None on a public route."""
        ...

    async def receive(self) -> In:
        """Wait for a message of the declared type.

        Raises:
            Disconnected: the client left.
        """
        ...

    async def send(self, message: Out) -> None:
        """Send a message; waits while the client's buffer is full, and drops a client that does not read.

        Raises:
            Disconnected: the client left, or was dropped.
        """
        ...

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Say goodbye (RFC 6455 section 7.4)."""
        ...

    def __aiter__(self) -> AsyncIterator[In]:
        """Yield messages until the client leaves."""
        ...
