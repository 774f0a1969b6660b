"""Keeps one connection to a broker up: the one task that connects again, while all calls fail at once.

call ---> the connection ---> broker          lost: a call had no answer in time, or the client says so
 `- lost: BrokerDown at once                  then: connect, wait longer and longer, never give up
"""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Generic, TypeVar

from tools.event_bus.brokers.address import Address
from tools.event_bus.brokers.broker import BrokerDown

log = logging.getLogger(__name__)

_LONGEST_WAIT_S = 1.0
_CLOSED_WITHIN_S = 0.8

C = TypeVar("C")


def growing_waits() -> Iterator[float]:
    """Seconds to wait before each further try, a second at most, partly random: not all come back at once."""
    wait_s = 0.05
    while True:
        yield random.uniform(wait_s / 2, wait_s)
        wait_s = min(wait_s * 2, _LONGEST_WAIT_S)


async def end(*tasks: "asyncio.Task[Any]") -> None:
    """Cancel tasks until they have ended: what they await may swallow a cancellation, as a client may, or a `take`."""
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=_CLOSED_WITHIN_S + 0.1)


class Upkeep(Generic[C]):
    """One connection; `connect` makes it, in a time of its own, and `disconnect` ends it whatever state it is in.

    Args:
        address: whom its messages name.
        connect, disconnect: both may raise anything.
        faults: what the client raises; a call turns it into BrokerDown.
        is_loss: whether such an error means that the connection is not usable any more.
    """

    def __init__(
        self,
        address: Address,
        connect: Callable[[], Awaitable[C]],
        disconnect: Callable[[C], Awaitable[None]],
        *,
        faults: tuple[type[Exception], ...],
        is_loss: Callable[[Exception], bool],
    ) -> None:
        self._address, self._connect, self._disconnect = address, connect, disconnect
        self._faults, self._is_loss = faults, is_loss
        self._connection: C | None = None
        self._reason, self._is_warned = "it was never opened", False
        self._is_up, self._is_lost, self._hurry = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._limits: set[asyncio.Timeout] = set()
        self._task: asyncio.Task[None] | None = None

    @property
    def is_up(self) -> bool:
        """Whether calls are tried at all."""
        return self._connection is not None

    async def start(self, within_s: float) -> None:
        """Connect, if need be; what fails is tried on in the background.

        Raises:
            BrokerDown: not within that time.
        """
        if self._task is None:
            self._task = asyncio.create_task(self._keep())
        self._hurry.set()
        try:
            async with asyncio.timeout(within_s):
                await self._is_up.wait()
        except TimeoutError:
            raise self._down() from None

    async def wait(self) -> None:
        """Wait until it is connected."""
        await self._is_up.wait()

    @asynccontextmanager
    async def call(self, within_s: float | None = None) -> AsyncIterator[C]:
        """Use the connection in a block that ends in time, and at once when the connection is lost meanwhile.

        Raises:
            BrokerDown: it is lost already, or during the call; or not within that time, which makes it lost; or the
                broker refuses.
        """
        connection = self._connection
        if connection is None:
            raise self._down()
        task = asyncio.current_task()
        assert task is not None, "a call is made in a task"
        cancels = task.cancelling()
        try:
            async with asyncio.timeout(within_s) as limit:
                self._limits.add(limit)
                try:
                    yield connection
                finally:
                    self._limits.discard(limit)
        except TimeoutError:
            self.lose(connection, "no answer in time")
            raise self._down() from None
        except self._faults as error:
            reason = self._address.without_password(f"{type(error).__name__}: {error}")
            if self._is_loss(error):
                self.lose(connection, reason)
            raise BrokerDown(f"{self._address} does not do it: {reason}") from None
        if task.cancelling() > cancels:
            raise asyncio.CancelledError  # `asyncio.wait_for` in the client swallowed it, which Python 3.11's may

    def lose(self, connection: C, reason: str) -> None:
        """Give a connection up: the calls that use it end, and another one is made."""
        if connection is not self._connection:
            return
        self._connection, self._reason = None, reason
        self._is_up.clear()
        self._is_lost.set()
        for limit in self._limits:
            if not limit.expired():
                limit.reschedule(asyncio.get_running_loop().time())
        self._warn("no longer answers")

    async def close(self) -> None:
        """End the connection and what keeps it."""
        self._reason = "it was closed"
        if self._task is not None:
            await end(self._task)
            self._task = None

    def _down(self) -> BrokerDown:
        return BrokerDown(f"{self._address} is not connected: {self._reason}")

    def _warn(self, what: str) -> None:
        """Say it once for each outage."""
        if not self._is_warned:
            log.warning("events: %s %s, and is tried until it does: %s", self._address, what, self._reason)
        self._is_warned = True

    async def _keep(self) -> None:
        while True:
            connection = await self._connected()
            try:
                await self._is_lost.wait()
            finally:
                if connection is self._connection:
                    self._connection = None
                with suppress(Exception):
                    async with asyncio.timeout(_CLOSED_WITHIN_S):
                        await self._disconnect(connection)

    async def _connected(self) -> C:
        for wait_s in growing_waits():
            try:
                connection = await self._connect()
            except Exception as error:
                self._reason = self._address.without_password(f"{type(error).__name__}: {error}".rstrip(": "))
                self._warn("does not answer")
                self._hurry.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(wait_s):
                        await self._hurry.wait()
            else:
                break
        self._is_lost.clear()
        if self._is_warned:
            log.info("events: %s is connected again", self._address)
        self._is_warned = False
        self._connection = connection
        self._is_up.set()
        return connection
