"""A connection to RabbitMQ from its beginning to its end, which also a silent broker cannot delay."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

from aiormq import Connection
from aiormq.channel import Channel
from aiormq.connection import TCPTransportFactory, TLSTransportFactory, TransportFactory
from yarl import URL

from tools.event_bus.brokers.rabbitmq.call import CallError, bounded, described

Prepare = Callable[[Channel], Coroutine[Any, Any, None]]

_SAY_GOODBYE_S = 0.4
_ENDS_WITHIN_S = 0.3


class _Sockets(TransportFactory):
    """Connects as the client would, and remembers what has to be cut when the broker says nothing."""

    writer: asyncio.StreamWriter | None = None

    async def create(self, url: URL, **kwargs: Any) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        factory = TLSTransportFactory() if url.scheme == "amqps" else TCPTransportFactory()
        reader, self.writer = await factory.create(url, **kwargs)
        return reader, self.writer


class Session:
    """One connection, and a channel on it that confirms what is published."""

    channel: Channel

    def __init__(self, url: URL) -> None:
        self._sockets = _Sockets()
        self.connection = Connection(url, transport_factory=self._sockets)
        self._is_cut = False

    @property
    def is_over(self) -> bool:
        return self._is_cut or self.connection.is_closed

    async def begin(self, prepare: Prepare, timeout_s: float) -> None:
        """Connect, and let the channel be prepared.

        Raises:
            CallError: not in time, or refused; then nothing is left.
        """
        try:
            await bounded(self._begin(prepare), timeout_s)
        except BaseException:
            self.cut()
            await self.end()
            raise

    async def _begin(self, prepare: Prepare) -> None:
        await self.connection.connect()
        channel = await self.connection.channel(publisher_confirms=True)
        assert isinstance(channel, Channel)
        self.channel = channel
        await prepare(channel)

    def when_lost(self, callback: Callable[[str], None]) -> None:
        """Call back with the reason, once, when the connection is over or its channel is."""
        for closing in (self.connection.closing, self.channel.closing):
            closing.add_done_callback(lambda lost: callback(_reason(lost)))

    def cut(self) -> None:
        """Give it up: whoever waits for an answer on it gets none."""
        self._is_cut = True
        if self._sockets.writer is not None:
            self._sockets.writer.transport.abort()

    async def end(self) -> None:
        """Say goodbye, unless it was cut, and leave nothing behind."""
        if not self._is_cut:
            with suppress(CallError):
                await bounded(self.connection.close(), _SAY_GOODBYE_S)
        self.cut()
        with suppress(CallError):
            await bounded(self.connection.close(), _ENDS_WITHIN_S)


def _reason(lost: "asyncio.Future[Any]") -> str:
    error = None if lost.cancelled() else lost.exception()
    return described(error) if error else "it was closed"
