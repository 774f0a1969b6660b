"""An event on its way: encoded once, and never changed."""

import itertools
import secrets
import time
from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

import msgspec

from hookspecs import Trace, trace
from tools.event_bus.contract import ChainError, Envelope, PayloadError

LARGEST_PAYLOAD_BYTES = 256 * 1024
LONGEST_CHAIN = 16

chain: ContextVar[tuple[str, ...]] = ContextVar("chain", default=())
"""The events that led to the callback which runs now, oldest first; empty outside the bus."""

encode = msgspec.json.Encoder().encode
_boot_id, _numbers = secrets.token_hex(8), itertools.count(1)  # a tenth of a uuid4's cost, as unique, and sortable


class Message(msgspec.Struct, frozen=True):
    """One published event, or one request."""

    event: str
    body: bytes
    trace: Trace
    chain: tuple[str, ...]
    published_at_s: float

    def start(self, function: Callable[..., Coroutine[Any, Any, Any]], *args: Any) -> Coroutine[Any, Any, Any]:
        """Call `function` as what this message caused; run it in the context of that cause."""
        trace.set(self.trace)
        chain.set(self.chain)
        return function(*args)

    def envelope(self, attempt: int) -> Envelope:
        """Tell a callback about this message."""
        return Envelope(
            event=self.event,
            event_id=self.trace.event_id,
            parent_id=self.trace.parent_id,
            trace_id=self.trace.trace_id,
            attempt=attempt,
            published_at_utc=datetime.fromtimestamp(self.published_at_s, UTC),
        )


def message(event: str, payload: object) -> Message:
    """Make a message that knows what caused it.

    Raises:
        PayloadError: `payload` is not JSON, or too large.
        ChainError: it is one too many of events that caused each other.
    """
    led_here = (*chain.get(), event)
    if len(led_here) > LONGEST_CHAIN:
        raise ChainError(led_here)
    cause, event_id = trace.get(), f"{_boot_id}-{next(_numbers)}"
    caused = Trace(cause.trace_id or event_id, cause.request_id, event_id, cause.event_id or cause.request_id)
    return Message(event, _body(event, payload), caused, led_here, time.time())


def _body(event: str, payload: object) -> bytes:
    try:
        body = encode(payload)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise PayloadError(event, f"it is not JSON ({error}): pass a Struct, or dicts, lists and scalars") from error
    if len(body) > LARGEST_PAYLOAD_BYTES:
        advice = "publish where the rest can be found"
        raise PayloadError(event, f"it has {len(body)} bytes of at most {LARGEST_PAYLOAD_BYTES}: {advice}")
    return body
