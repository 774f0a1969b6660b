"""What a broker's adapter gives: it carries packets, in order and at least once; all else is the log's and the bus's.

    publish -> log (outbox) -> Broker.send -> broker -> Broker.receive -> log (inbox) -> callback
               marked when the broker has confirmed             confirmed to the broker when the log has it

So retries, order over retries, dead letters, delays and traces are the same on every transport. Without a log, `send`
is called by `publish`, and `take` returns when the callback is through with the event.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from tools.event_bus.contract import Gives


class Packet(Struct, frozen=True):
    """An event on its way through a broker: its name, what orders it, and itself as opaque bytes."""

    event: str
    event_id: str
    key: str
    """Order is kept for each key; the empty one is a key like the others."""
    data: bytes
    """Up to 270 KiB."""


Take = Callable[[Sequence[Packet]], Awaitable[None]]
"""Takes packets over; once it has returned, the broker may forget them. When it raises, they have to come again, before
any that came after them (with the same key)."""


class BrokerDown(Exception):  # noqa: N818 (a state, not a fault)
    """The broker did not do in time what was asked, or refused it: try again. Its text names no password."""


class Broker(Protocol):
    """A connection to one broker. All methods are called on one event loop.

    `__init__(url: str, timeout_s: float)` connects nothing. After a lost connection an adapter comes back by itself,
    with a growing wait of two seconds at most, and never gives up; it leaves no thread and no task behind.
    """

    gives: Gives

    async def open(self, groups: Mapping[str, Sequence[str]]) -> None:
        """Connect, and declare what will be received: event -> groups. From then on each group gets each event.

        A group that the broker knows goes on where it was, also if it was away meanwhile.

        Raises:
            BrokerDown: not within `timeout_s`, or it refuses; then it may be called again.
        """
        ...

    async def send(self, packets: Sequence[Packet]) -> None:
        """Hand packets over in this order; returns when the broker has stored, and confirmed, all of them.

        Raises:
            BrokerDown: not within `timeout_s`; some of them may be stored. Sending them again stores some twice, or not
                where the broker knows the `event_id` already.
        """
        ...

    async def receive(self, event: str, group: str, take: Take) -> None:
        """Give `take` all packets of `event` for `group`, in order, until cancelled: one call of `take` at a time.

        Of all processes that receive for a group, each packet goes to one; and packets of one key go to one process at
        a time. It ends by cancellation only: what goes wrong is logged once for each outage, and tried again.
        """
        ...

    async def check_health(self) -> None:
        """Ask the broker for a sign of life.

        Raises:
            BrokerDown: none within `timeout_s`.
        """
        ...

    async def close(self) -> None:
        """Disconnect, within two seconds, whatever state it is in."""
        ...
