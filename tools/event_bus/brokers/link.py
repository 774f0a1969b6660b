"""The life of a broker's adapter in this process: opened as soon as it can be, and receiving from then on."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextvars import Context
from functools import partial
from typing import Any

from tools.event_bus.backoff import rest
from tools.event_bus.brokers.broker import Broker, BrokerDown, Packet

log = logging.getLogger(__name__)

TakeFor = Callable[[str, str, Sequence[Packet]], Coroutine[Any, Any, None]]
"""`take(event, group, packets)`."""


class Link:
    """Connects in the background: an application that keeps its events meanwhile needs no broker to boot."""

    def __init__(self, broker: Broker, take: TakeFor) -> None:
        self.broker, self._take = broker, take
        self._tasks: set[asyncio.Task[None]] = set()
        self._connecting: asyncio.Task[None] | None = None
        self._receivers: list[asyncio.Task[None]] = []
        self._is_open = False

    async def open(self, groups: Mapping[str, Sequence[str]], wait_s: float) -> None:
        """Begin; returns when it is connected, or after `wait_s`, and goes on trying then.

        Raises:
            Exception: it cannot be connected at all: its client is not installed, or its URL is wrong.
        """
        self._connecting = connecting = self.start(self._connect(groups), "connects")
        await asyncio.wait({connecting}, timeout=wait_s)
        if connecting.done():
            connecting.result()
        else:
            log.warning("event_bus has no connection to %s yet, and goes on trying", self.broker.gives.transport)

    async def send(self, packets: Sequence[Packet]) -> None:
        """Hand packets over, as `Broker.send` does; a group that the broker does not know yet would not get them.

        Raises:
            BrokerDown: not within the time-out of a call, or it was not told yet what will be received.
        """
        if not self._is_open:
            raise BrokerDown(f"{self.broker.gives.transport} was not told yet which groups there are")
        await self.broker.send(packets)

    def start(self, work: Coroutine[Any, Any, None], what: str) -> asyncio.Task[None]:
        """Do something until `close`."""
        task = asyncio.create_task(work, name=f"event_bus {what}", context=Context())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def end_receiving(self) -> None:
        """Take nothing more, also when it connects only now."""
        ending = [*self._receivers, *([self._connecting] if self._connecting else [])]
        for task in ending:
            task.cancel()
        if ending:
            await asyncio.wait(ending)

    async def close(self) -> None:
        """Stop all, and disconnect."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self.broker.close()

    async def _connect(self, groups: Mapping[str, Sequence[str]]) -> None:
        failures = 0
        while True:
            try:
                await self.broker.open(groups)
                break
            except BrokerDown as error:
                failures += 1
                if failures == 1:
                    log.warning("event_bus: %s", error)
                await rest(0.1, failures)
        self._is_open = True
        for event, names in groups.items():
            for group in names:
                work = self.broker.receive(event, group, partial(self._take, event, group))
                self._receivers.append(self.start(work, f"receives {event} for {group}"))
