"""What plugins may call on `event_bus`."""

from collections.abc import Callable, Collection, Mapping
from typing import Any, Protocol, TypeVar, overload

from tools.event_bus.contract.values import DeadLetter, Gift, Store, Subscription, TracedEvent

Reply = TypeVar("Reply")


class Watched(Protocol):
    """What plugins call that watch the bus, or say where it keeps events."""

    async def dead_letters(self, *, after: int = 0, limit: int = 100) -> list[DeadLetter]:
        """List what is not tried any more, by id, those above `after`; in memory the last 1,000 are kept."""
        ...

    async def replay(self, id: int) -> bool:
        """Deliver a dead letter anew, with all its attempts; False where there is none of that id."""
        ...

    async def drop(self, id: int) -> bool:
        """Forget a dead letter; False where there is none of that id."""
        ...

    async def trace(self, trace_id: str) -> list[TracedEvent]:
        """List the events that followed from one request, oldest first, as far back as is kept."""
        ...

    async def pending(self) -> int:
        """Count the deliveries that wait, for their delay too, or are under way."""
        ...

    async def failed(self) -> dict[str, int]:
        """Count the dead letters of each group that has any."""
        ...

    def store_in(self, db: Store) -> None:
        """Keep events in this database, in the transaction that publishes them; do it in `on_boot`.

        Its tables are `tools.event_bus.contract.LOG_TABLES`. With EVENT_BUS_URL=memory:// nothing is stored, and an
        event is queued after its transaction's commit.

        Raises:
            RuntimeError: outside a hook.
            ValueError: they are kept already.
        """
        ...


class EventBus(Watched, Protocol):
    """Events, for many groups of listeners, and requests, for one responder; stored with the transaction around."""

    async def publish(
        self,
        event: str,
        payload: object,
        *,
        key: str = "",
        delay: float = 0,
        ttl: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> str:
        """Publish an event; payload is a Struct or JSON.

        Returns its id when it is stored (in memory: queued) for every group.

        Inside `db.transaction()` it is part of that: gone with a rollback, delivered after the commit.

        Args:
            event: noun and past participle, e.g. `user.created`.
            payload: a Struct, or dicts, lists and scalars; up to 256 KiB as JSON; each group gets a copy of its own.
            key: events of one key are handled in order, those of different keys side by side; without one, all are
                handled in order, one at a time. Up to 200 characters.
            delay: seconds before it is handled, up to a year; it delays no other event.
            ttl: seconds, counted from the end of the delay, after which it is not handled any more.
            headers: texts beside the payload, for the envelope; up to 4 KiB in all.

        Raises:
            RuntimeError: before `on_ready` and after shutdown.
            PayloadError: the payload is not JSON, or too large.
            ValueError: another argument is out of range.
            BusFull: there was no room within EVENT_BUS_WAIT_S; inside a callback of the bus at once.
            TransportDown: the broker does not take it, and nothing keeps it meanwhile.
            ChainError: this would be the 17th event in a row that the one before caused.
        """
        ...

    def subscribe(
        self,
        event: str,
        callback: Callable[..., object],
        *,
        group: str = "",
        retries: int = 9,
        backoff: float = 0.5,
        timeout: float = 30,
        concurrency: int = 8,
        transactional: bool = False,
        require: Collection[Gift] = (),
    ) -> Subscription:
        """Subscribe; callback(payload: YourStruct, envelope: Envelope?), again if it fails, SQL once if transactional.

        Do it in `on_boot`. Each group gets each event at least once; the processes of an app share its groups. The
        payload is decoded into the annotation of the first parameter: a Struct of the fields that you read, or `dict`,
        or none for plain JSON. In order for each key; what is slow or fails here delays no other group, and is never
        unsubscribed.

        Args:
            event: the name that is published.
            callback: `async def`, or `def`, which runs in a thread.
            group: by default the plugin's name and the callback's. What is stored for a group waits for that name.
            retries: how often a failing event is tried again; those of its key wait. Then it is a dead letter, as is
                one that cannot be decoded, at once.
            backoff: seconds; before retry n a random part of `backoff * 2 ** (n - 1)`, a minute at most, is waited.
            timeout: seconds for one attempt, below EVENT_BUS_LEASE_S. A `def` goes on in its thread: what it answers is
                dropped, and the next attempt or event waits until it has ended. The shutdown does not.
            concurrency: how many keys are handled at once, in each process.
            transactional: handle it inside `db.transaction()`, which also marks it as handled: its effects in the
                database happen exactly once, where the transport gives that, else at least once.
            require: what the transport has to give, or the boot stops.

        Raises:
            RuntimeError: outside a hook.
            TypeError: the callback cannot be called so, or an annotation of it does not resolve.
            ValueError: a number is out of range, or that group subscribes to the event already.
        """
        ...

    @overload
    async def request(self, event: str, payload: object, timeout: float = 5, *, into: None = None) -> Any: ...
    @overload
    async def request(self, event: str, payload: object, timeout: float = 5, *, into: type[Reply]) -> Reply: ...
    async def request(self, event: str, payload: object, timeout: float = 5, *, into: type | None = None) -> Any:
        """Request an answer to `event` from the one plugin that replies to it.

        Args:
            event: the name given to `reply`.
            payload: as for `publish`.
            timeout: seconds until the answer.
            into: a Struct (or another type) that the answer is decoded into; plain JSON without.

        Returns:
            What the responder returned, as a copy.

        Raises:
            Refusal: the responder raised it.
            ReplyError: the responder raised anything else, or its answer is not JSON or not an `into`.
            NobodyRepliesError: there is no responder.
            RequestTimeoutError: there was no answer in time.
            RuntimeError: before `on_ready` and after shutdown.
            PayloadError, ChainError: as for `publish`.
        """
        ...

    def reply(self, event: str, callback: Callable[..., object]) -> Subscription:
        """Reply to requests for `event` in `on_boot`, with what `callback(payload)` returns.

        The callback takes what one of `subscribe` takes. Requests are answered side by side.

        Raises:
            RuntimeError: outside a hook.
            TypeError: as for `subscribe`.
            ValueError: somebody replies to that event already.
        """
        ...
