"""Publishers that go on whatever happens, and what the subscribers saw."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable

from tests.contracts.event_bus.plugins import Work
from tools.event_bus.contract import Envelope

KEYS = 4
EVENT = "counted"


class Publisher:
    """Publishes numbers under four keys, one after the other."""

    def __init__(self, bus: Work, pause_s: float = 0.005) -> None:
        self._bus, self._pause_s = bus, pause_s
        self.count, self.longest_s = 0, 0.0
        self.is_over = asyncio.Event()

    async def run(self) -> None:
        while not self.is_over.is_set():
            await self.publish()
            await asyncio.sleep(self._pause_s)

    async def publish(self, count: int = 1) -> None:
        for _ in range(count):
            began = time.monotonic()
            await self._bus.publish(EVENT, self.count, key=str(self.count % KEYS))
            self.longest_s = max(self.longest_s, time.monotonic() - began)
            self.count += 1


class Subscriber:
    """A callback that keeps the numbers of each key in the order in which they came."""

    def __init__(self) -> None:
        self.numbers = defaultdict[str, list[int]](list)
        self.count = 0

    async def handle(self, number: int, envelope: Envelope) -> None:
        await asyncio.sleep(0)
        self.numbers[envelope.key].append(number)
        self.count += 1

    @property
    def unique(self) -> dict[str, list[int]]:
        """What came, in the order in which it came first."""
        return {key: list(dict.fromkeys(numbers)) for key, numbers in self.numbers.items()}


def numbers_to(count: int, start: int = 0) -> dict[str, list[int]]:
    """What a subscriber sees that gets each number once, those of a key in order."""
    made = defaultdict[str, list[int]](list)
    for number in range(start, count):
        made[str(number % KEYS)].append(number)
    return made


async def within(seconds: float, holds: Callable[[], bool]) -> float:
    """Wait for something that nobody tells; give the seconds that it took."""
    began = time.monotonic()
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0.01)
    return time.monotonic() - began
