"""Where events are kept between publish and callback: in memory, or in a database."""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from tools.event_bus.contract import DeadLetter, Gives, State, TracedEvent
from tools.event_bus.delivery import Delivery
from tools.event_bus.message import Message
from tools.event_bus.subscription import Subscription


class Log(Protocol):
    """What the bus asks of it, and what subscriptions tell it."""

    gives: Gives

    async def open(self) -> None:
        """Begin to hand deliveries to the subscriptions."""
        ...

    def add(self, subscription: Subscription) -> None:
        """Hand this one deliveries from now on."""
        ...

    def remove(self, subscription: Subscription) -> None:
        """Hand it no more; what it has is ended."""
        ...

    def append(self, message: Message) -> Awaitable[None] | None:
        """Keep an event for every group; what is to be awaited where that takes a while.

        Raises:
            BusFull: there is no room.
        """
        ...

    async def drain(self) -> None:
        """Hand over nothing new that can wait, and return when what has begun is through."""
        ...

    async def check_health(self) -> None:
        """Raise where events cannot be kept or handed over now."""
        ...

    async def close(self) -> None:
        """Stop; what did not come through is given back, or its loss is logged."""
        ...

    # ------------------------------------------------ told by subscriptions

    def ended(self, delivery: Delivery, state: State, error: str = "") -> None:
        """Note how a delivery ended; a dead one is a dead letter."""
        ...

    async def marked(self) -> None:
        """Return when the ends that were noted are stored: none of them is repeated after that."""
        ...

    @property
    def is_in_doubt(self) -> bool:
        """Whether deliveries may be others' by now: `counted` finds out."""
        ...

    async def counted(self, delivery: Delivery) -> bool:
        """Count a retry before it begins; False when the delivery is not this process's any more."""
        ...

    async def within(self, delivery: Delivery, function: Callable[..., Awaitable[Any]], *args: Any) -> Any:
        """Call the function inside a transaction that also marks the delivery."""
        ...

    # ------------------------------------------------ asked by people

    async def dead_letters(self, after: int, limit: int) -> list[DeadLetter]:
        """List what is not tried any more."""
        ...

    async def replay(self, id: int) -> bool:
        """Deliver a dead letter anew."""
        ...

    async def drop(self, id: int) -> bool:
        """Forget a dead letter."""
        ...

    async def trace(self, trace_id: str) -> list[TracedEvent]:
        """List what followed from one request."""
        ...

    async def pending(self) -> int:
        """Count what waits or is under way."""
        ...

    async def failed(self) -> dict[str, int]:
        """Count the dead letters by group."""
        ...
