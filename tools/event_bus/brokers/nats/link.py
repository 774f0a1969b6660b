"""One connection to NATS, which does not connect again by itself: that is upkeep's."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.js import JetStreamContext
    from nats.js.kv import KeyValue

# What JetStream itself would time out: after the time-outs of our own, which are what a caller meets.
_NEVER_S = 3600.0
_PING_EVERY_S = 5


class Link:
    """A client, and its JetStream."""

    def __init__(self, client: "Client") -> None:
        self.client = client
        self.jetstream: JetStreamContext = client.jetstream(timeout=_NEVER_S)
        self.places: KeyValue | None = None
        """The bucket, once it was found."""


async def connect(url: str, within_s: float, closed: Callable[[Link, str], None]) -> Link:
    """Connect; `closed` hears of the end of the connection."""
    from nats.aio.client import Client

    client = Client()
    link = Link(client)

    async def note(error: Exception) -> None:
        reasons.append(f"{type(error).__name__}: {error}")

    async def end() -> None:
        closed(link, reasons[-1] if reasons else "connection closed")

    reasons = list[str]()
    try:
        async with asyncio.timeout(within_s):
            await client.connect(
                url.split(","),
                allow_reconnect=False,
                max_reconnect_attempts=1,
                reconnect_time_wait=0,
                connect_timeout=within_s,  # type: ignore[arg-type]  # seconds, also fractions
                ping_interval=_PING_EVERY_S,
                error_cb=note,
                closed_cb=end,
            )
    except BaseException:
        await disconnect(link)
        raise
    return link


async def disconnect(link: Link) -> None:
    """End a connection, in whatever state: a silent server is not waited for."""
    transport = link.client._transport
    writer = getattr(transport, "_io_writer", None)
    if writer is not None:
        writer.transport.abort()
    with suppress(Exception):
        await link.client.close()
