"""The subscriptions of one event name, and the way in: all of them take a message, or none does."""

import asyncio

from tools.event_bus.contract import BusFull
from tools.event_bus.subscription import Subscription


class Topic:
    """Bounded: who finds a queue full waits in line for room."""

    def __init__(self, event: str, bound: int) -> None:
        self.event, self.subscriptions = event, list[Subscription]()
        self._bound, self._line, self._room = bound, asyncio.Lock(), asyncio.Event()
        self.made_room = self._room.set  # tells the first in line that a queue has become shorter

    def is_full(self) -> bool:
        """Say whether a message now would have to wait."""
        if self._line.locked():
            return True
        for subscription in self.subscriptions:  # a loop costs half of `any(...)`, at each publish
            if subscription.size >= self._bound:
                return True
        return False

    async def room(self, wait_s: float) -> None:
        """Wait until every queue has room.

        Raises:
            BusFull: not within `wait_s`.
        """
        try:
            async with asyncio.timeout(wait_s), self._line:
                while self._full():
                    self._room.clear()
                    await self._room.wait()
        except TimeoutError:
            raise self.refusal() from None

    def refusal(self) -> BusFull:
        """Name the subscribers that have no room."""
        full = self._full() or [one.name for one in self.subscriptions]
        return BusFull(self.event, f"the queue of {', '.join(full)}")

    def _full(self) -> list[str]:
        return [subscription.name for subscription in self.subscriptions if subscription.size >= self._bound]
