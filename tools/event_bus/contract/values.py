"""The values that plugins meet on `event_bus`."""

from collections.abc import Awaitable, Callable, Generator
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any, Literal, Protocol, Self

from msgspec import Struct


class Envelope(Struct, frozen=True, kw_only=True):
    """What is known about an event beside its payload: annotate a callback's second parameter with it."""

    event: str
    event_id: str
    """The same for each group and each attempt."""
    parent_id: str
    """The event or the request that published this one; empty for neither."""
    trace_id: str
    key: str
    headers: dict[str, str]
    attempt: int
    """1, and one more for each retry and each process that ended meanwhile."""
    published_at_utc: datetime
    due_at_utc: datetime
    """`published_at_utc` and the delay."""


class DeadLetter(Struct, frozen=True, kw_only=True):
    """A delivery that is not tried any more, kept until somebody replays or drops it."""

    id: int
    event: str
    event_id: str
    trace_id: str
    group: str
    key: str
    state: Literal["dead", "unroutable"]
    """dead: all attempts failed. unroutable: stored for a group that nobody subscribes with any more."""
    error: str
    attempts: int
    published_at_utc: datetime
    ended_at_utc: datetime | None
    payload: Any


State = Literal["waiting", "claimed", "done", "dead", "expired"]


class TracedDelivery(Struct, frozen=True, kw_only=True):
    """How one group got on with an event."""

    group: str
    state: State
    """expired: its `ttl` was over before it began."""
    attempts: int
    error: str
    ended_at_utc: datetime | None


class TracedEvent(Struct, frozen=True, kw_only=True):
    """One node in the tree of what followed from one request; `parent_id` is that of another node, or the request's."""

    event_id: str
    parent_id: str
    trace_id: str
    event: str
    key: str
    published_at_utc: datetime
    deliveries: list[TracedDelivery]


Gift = Literal["durable", "ordered", "delay", "dedup", "transactional"]
"""What a transport may give.

durable: what `publish` returned for survives the process. ordered: in order for each (group, key), over retries and
processes. delay: a `delay` survives the process. dedup: an event that the transport brings twice is handled once.
transactional: with `transactional=True`, the effects in the database happen exactly once.
"""


class Gives(Struct, frozen=True, kw_only=True):
    """What the transport in use gives."""

    transport: str
    gifts: frozenset[Gift]
    power_cut: str
    """What the loss of power may cost."""


class Subscription(Protocol):
    """A registered callback; awaiting it, which nobody has to, gives it back."""

    @property
    def event(self) -> str:
        """Read the event's name."""
        ...

    @property
    def name(self) -> str:
        """Read the group: what dead letters call the subscriber."""
        ...

    def __await__(self) -> Generator[Any, None, Self]: ...


class Store(Protocol):
    """The part of the tool `db` that keeps events; see its contract."""

    @property
    def dialect(self) -> str:
        """Name the engine, `sqlite` or `postgresql`."""
        ...

    async def query(self, sql: Any, params: Any = None, *, into: Any = None) -> list[Any]:
        """Read rows, or change some with RETURNING."""
        ...

    async def execute(self, sql: Any, params: Any = None) -> int | None:
        """Change rows; answers with the number of rows changed."""
        ...

    def transaction(self) -> AbstractAsyncContextManager[None]:
        """Keep all of a block or nothing."""
        ...

    def after_commit(self, callback: Callable[[], Awaitable[None] | None]) -> None:
        """Call back after the commit; at once where there is no transaction."""
        ...
