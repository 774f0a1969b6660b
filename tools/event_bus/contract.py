"""What plugins may call on `event_bus`, and the values and errors that they meet there.

BusFull              Refusal 503   publish, request: no room within EVENT_BUS_WAIT_S
NobodyRepliesError   Refusal 503   request: no responder for that event
RequestTimeoutError  Refusal 504   request: no answer in time
ReplyError                         request: the responder failed with an error that is not a Refusal
PayloadError                       publish, request: not JSON, or too large
ChainError                         publish, request: too many events, each caused by the one before
"""

from collections.abc import Callable, Generator
from datetime import datetime
from typing import Any, Protocol, Self

from msgspec import Struct

from hookspecs import Refusal


class Envelope(Struct, frozen=True, kw_only=True):
    """What is known about an event beside its payload: annotate a callback's second parameter with it."""

    event: str
    event_id: str
    parent_id: str
    """The event or the request that published this one; empty for neither."""
    trace_id: str
    attempt: int
    """1, and one more for each retry."""
    published_at_utc: datetime


class Failure(Struct, frozen=True, kw_only=True):
    """A delivery that failed for good."""

    event: str
    event_id: str
    subscriber: str
    error: str
    attempts: int
    failed_at_utc: datetime
    payload: Any


class BusFull(Refusal):
    """A subscription had no room for one more event in time: nothing was queued, for nobody."""

    def __init__(self, event: str, subscribers: str) -> None:
        super().__init__(503, "too many events are waiting: try again", retry_after_s=1)
        self.event, self.subscribers = event, subscribers

    def __str__(self) -> str:
        return (
            f"event_bus queued {self.event!r} for nobody, as the queue of {self.subscribers} is full: "
            "make that subscriber faster, or raise EVENT_BUS_QUEUE"
        )


class NobodyRepliesError(Refusal):
    """No plugin called `reply` for the requested event."""

    def __init__(self, event: str) -> None:
        super().__init__(503, "a part that this needs is not there")
        self.event = event

    def __str__(self) -> str:
        return f"event_bus has nobody who replies to {self.event!r}: call `reply({self.event!r}, callback)` in a plugin"


class RequestTimeoutError(Refusal):
    """The responder was found and gave no answer in time; a `def` may still be running in its thread."""

    def __init__(self, event: str, responder: str, timeout_s: float) -> None:
        super().__init__(504, "a part that this needs did not answer in time")
        self.event, self.responder, self.timeout_s = event, responder, timeout_s

    def __str__(self) -> str:
        return (
            f"event_bus got no answer to {self.event!r} from {self.responder} within {self.timeout_s:g} s: "
            "make it faster, or raise `timeout`"
        )


class ReplyError(RuntimeError):
    """The responder failed; its error is the cause."""

    def __init__(self, event: str, responder: str, reason: str) -> None:
        super().__init__(f"event_bus has no answer to {event!r}, as {responder} failed: {reason}")
        self.event, self.responder, self.reason = event, responder, reason


class PayloadError(ValueError):
    """What was to be published cannot travel as JSON, or is too large for it."""

    def __init__(self, event: str, reason: str) -> None:
        super().__init__(f"event_bus cannot take the payload of {event!r}, {reason}")
        self.event, self.reason = event, reason


class ChainError(RuntimeError):
    """Events caused each other without an end in sight."""

    def __init__(self, chain: tuple[str, ...]) -> None:
        super().__init__(
            f"event_bus refuses {chain[-1]!r} after {len(chain) - 1} events that caused each other, "
            f"{' -> '.join(chain)}: break the loop"
        )
        self.chain = chain


class Subscription(Protocol):
    """A registered callback; awaiting it, which nobody has to, gives it back."""

    @property
    def event(self) -> str:
        """Read the event's name."""
        ...

    @property
    def name(self) -> str:
        """Read who subscribed, as failures name it: the plugin's name and the callback's."""
        ...

    def __await__(self) -> Generator[Any, None, Self]: ...


class EventBus(Protocol):
    """Events (many listeners, no answer) and requests (one responder, one answer) between plugins."""

    async def publish(self, event: str, payload: object) -> None:
        """Publish an event; returns when it is queued for every subscriber, or for none and raises.

        Each subscriber gets a copy of its own. Where `hold_until` was called, it is queued after the commit.

        Args:
            event: noun and past participle, e.g. `user.created`.
            payload: a Struct, or dicts, lists and scalars; up to 256 KiB as JSON.

        Raises:
            RuntimeError: before `on_ready` and after shutdown.
            PayloadError: the payload is not JSON, or too large.
            BusFull: a subscriber's queue had no room within EVENT_BUS_WAIT_S; inside a callback of the bus at once.
            ChainError: this would be the 17th event in a row that the one before caused.
        """
        ...

    def subscribe(
        self,
        event: str,
        callback: Callable[..., object],
        *,
        retries: int = 0,
        backoff: float = 0.5,
        timeout: float = 30,
    ) -> Subscription:
        """Subscribe in `on_boot`: `callback(payload)`, or `callback(payload, envelope: Envelope)`, for each event.

        The payload is decoded into the annotation of the first parameter: a Struct of the fields that you read, or
        `dict`, or none for plain JSON. One event at a time, in the order of publishing; what is slow or fails here
        delays nobody else, and is never unsubscribed.

        Args:
            event: the name that is published.
            callback: `async def`, or `def`, which runs in a thread.
            retries: how often a failing event is tried again; those after it wait.
            backoff: seconds; before retry n a random part of `backoff * 2 ** (n - 1)`, a minute at most, is waited.
            timeout: seconds for one attempt. A `def` goes on in its thread: what it answers is dropped, and the next
                attempt or event waits until it has ended. The shutdown does not.

        Raises:
            RuntimeError: outside a hook.
            TypeError: the callback cannot be called so, or an annotation of it does not resolve.
            ValueError: a number is out of range.
        """
        ...

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
        """Reply to requests for `event`: what `callback` returns is the answer; call this in `on_boot`.

        The callback takes what one of `subscribe` takes. Requests are answered side by side.

        Raises:
            RuntimeError: outside a hook.
            TypeError: as for `subscribe`.
            ValueError: somebody replies to that event already.
        """
        ...

    def failures(self) -> list[Failure]:
        """List the last 1,000 deliveries that failed for good, oldest first; an empty list for none."""
        ...

    def pending(self) -> int:
        """Count the deliveries that wait or are under way, over all subscriptions."""
        ...

    def hold_until(self, after_commit: Callable[[Callable[[], None]], object]) -> None:
        """Hold each published event until `after_commit`, e.g. `db.after_commit`, calls back; do it in `on_boot`.

        Args:
            after_commit: takes a callback, and calls it after the commit of the publisher's transaction, never when
                that is rolled back, at once when there is none. What it returns is awaited where that is awaitable.

        Raises:
            RuntimeError: outside a hook.
            ValueError: somebody holds events already.
        """
        ...
