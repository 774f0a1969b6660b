"""What takes packets over in tests, and the packets."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager

from tools.event_bus.brokers.broker import Broker, BrokerDown, Packet, Take

WITHIN_S = 30.0


class Hands:
    """Takes packets; each of the next `failures` calls raises, each waits while `gate` is clear."""

    def __init__(self) -> None:
        self.packets: list[Packet] = []
        self.refused: list[Packet] = []
        self.failures = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.began = asyncio.Event()
        self.busy = 0
        self.most_busy = 0
        self._changed = asyncio.Condition()

    async def take(self, packets: Sequence[Packet]) -> None:
        self.busy += 1
        self.most_busy = max(self.busy, self.most_busy)
        self.began.set()
        try:
            await self.gate.wait()
            await asyncio.sleep(0)
            if self.failures:
                self.failures -= 1
                self.refused += packets
                raise RuntimeError("not now")
            self.packets += packets
        finally:
            self.busy -= 1
        async with self._changed:
            self._changed.notify_all()

    @property
    def texts(self) -> list[str]:
        return [packet.data.decode() for packet in self.packets]

    @property
    def unique(self) -> list[str]:
        """What came, in the order in which it came first."""
        return list(dict.fromkeys(self.texts))

    async def until(self, holds: Callable[[], bool], within_s: float = WITHIN_S) -> None:
        """Wait for something that packets bring about."""
        async with asyncio.timeout(within_s), self._changed:
            await self._changed.wait_for(holds)

    async def count(self, amount: int, within_s: float = WITHIN_S) -> list[str]:
        """Wait for as many different packets; give their texts in the order in which they came first."""
        await self.until(lambda: len(self.unique) >= amount, within_s)
        return self.unique


def packets(event: str, texts: Iterable[str], key: str = "") -> list[Packet]:
    """One for each text, which is its id too."""
    return [Packet(event, f"{event}:{text}", key, text.encode()) for text in texts]


def numbered(event: str, amount: int, *, start: int = 0, keys: int = 1) -> list[Packet]:
    """Packets `key:number`, the numbers of each key in order."""
    made = ((str(n % keys), n) for n in range(start, start + amount))
    return [Packet(event, f"{event}:{n}", key, f"{key}:{n}".encode()) for key, n in made]


def by_key(texts: Iterable[str]) -> dict[str, list[int]]:
    """The numbers of `numbered`, for each key."""
    found: dict[str, list[int]] = {}
    for text in texts:
        key, _, number = text.partition(":")
        found.setdefault(key, []).append(int(number))
    return found


@asynccontextmanager
async def receiving(broker: Broker, event: str, group: str, take: Take) -> AsyncIterator[asyncio.Task[None]]:
    """Receive as long as the block runs."""
    task = asyncio.create_task(broker.receive(event, group, take))
    try:
        yield task
    finally:
        assert not task.done(), "it ends by cancellation only"
        task.cancel()
        await asyncio.wait([task])


async def sent(broker: Broker, batch: Sequence[Packet], within_s: float = WITHIN_S) -> None:
    """Send until it is confirmed, as the log does."""
    async with asyncio.timeout(within_s):
        while True:
            try:
                return await broker.send(batch)
            except BrokerDown:
                await asyncio.sleep(0.02)


async def until(holds: Callable[[], bool], within_s: float = WITHIN_S) -> float:
    """Wait for something that nobody tells; give the seconds that it took."""
    began = time.monotonic()
    async with asyncio.timeout(within_s):
        while not holds():
            await asyncio.sleep(0.01)
    return time.monotonic() - began
