"""One connection to NATS, which does not connect again by itself: that is upkeep's."""

import asyncio
import ssl
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from tools.event_bus.brokers.address import Address
from tools.event_bus.brokers.nats.places import Places

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.js import JetStreamContext

# What JetStream itself would time out: after the time-outs of our own, which are what a caller meets.
NEVER_S = 3600.0
_PING_EVERY_S = 5
_CLOSED_WITHIN_S = 0.3
_MOST_PENDING_BYTES = 2**40  # a full buffer would be waited for, by code of the client that swallows cancellations


class Link:
    """A client, its JetStream, and what we keep there."""

    def __init__(self, client: "Client", stream: str) -> None:
        self.client = client
        self.jetstream: JetStreamContext = client.jetstream(timeout=NEVER_S)
        self.places = Places(self.jetstream, f"{stream}_places")
        self.takes_batches = False


async def connect(address: Address, stream: str, within_s: float, closed: Callable[[Link, str], None]) -> Link:
    """Connect; `closed` hears of the end of the connection."""
    client = _client(address)
    link = Link(client, stream)

    async def note(error: Exception) -> None:
        reasons.append(f"{type(error).__name__}: {error}")

    async def end() -> None:
        closed(link, reasons[-1] if reasons else "connection closed")

    reasons = list[str]()
    try:
        async with asyncio.timeout(within_s):
            await client.connect(
                str(address).split(","),
                **_credentials(address),
                **_trust(address),
                allow_reconnect=False,
                max_reconnect_attempts=1,
                reconnect_time_wait=0,
                connect_timeout=within_s,  # type: ignore[arg-type]  # seconds, also fractions
                ping_interval=_PING_EVERY_S,
                pending_size=_MOST_PENDING_BYTES,
                error_cb=note,
                closed_cb=end,
            )
    except BaseException:
        await disconnect(link)
        raise
    if (
        reading := client._reading_task
    ) is not None:  # when it fails to flush at the end, the client does not call back

        def over(reading: "asyncio.Task[None]") -> None:
            error = None if reading.cancelled() else reading.exception()
            closed(link, reasons[-1] if reasons else repr(error or "connection closed"))

        reading.add_done_callback(over)
    return link


def _client(address: Address) -> "Client":
    from nats.aio.client import Client
    from nats.errors import SecureConnWantedError

    class Secure(Client):
        """Speaks TLS or nothing: the client itself does without, password and all, where the server does not insist."""

        async def _process_info(self, info: dict[str, Any], initial_connection: bool = False) -> None:
            if initial_connection and not (info.get("tls_required") or info.get("tls_available")):
                raise SecureConnWantedError
            info["tls_required"] = True
            await super()._process_info(info, initial_connection)

    return Secure() if "tls://" in address.url else Client()


def _trust(address: Address) -> dict[str, Any]:
    cafile = address.options["cafile"]
    return {"tls": ssl.create_default_context(cafile=cafile)} if cafile else {}


def _credentials(address: Address) -> dict[str, Any]:
    """Read them here: the client takes those of a URL as they are spelled there, `%2F` and all."""
    if address.password is not None:
        return {"user": address.user, "password": address.password}
    return {"token": address.user} if address.user else {}


async def disconnect(link: Link) -> None:
    """End a connection, in whatever state: a silent server is not waited for, nor sent what is pending."""
    client = link.client
    client._pending, client._pending_data_size = [], 0
    writer = getattr(client._transport, "_io_writer", None)  # there is no public way to do without a flush
    if writer is not None:
        writer.transport.abort()
    with suppress(Exception):
        async with asyncio.timeout(_CLOSED_WITHIN_S):  # after a TLS handshake that failed it would wait for ever
            await client.close()
    for subscription in client._subs.values():  # where the client fails to flush, it leaves them behind
        if (task := subscription._wait_for_msgs_task) is not None:
            task.cancel()
