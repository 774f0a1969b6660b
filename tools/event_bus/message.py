"""An event on its way: encoded once, and never changed."""

import itertools
import math
import secrets
import time
from collections.abc import Callable, Coroutine, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

import msgspec

from hookspecs import Trace, trace
from tools.event_bus.contract import ChainError, Envelope, PayloadError

LARGEST_PAYLOAD_BYTES = 256 * 1024
LARGEST_HEADERS_BYTES = 4 * 1024
LONGEST_KEY = LONGEST_EVENT = 200
LONGEST_CHAIN = 16
LONGEST_DELAY_S = 366 * 86_400

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
    key: str = ""
    delay_s: float = 0.0
    ttl_s: float | None = None
    headers: dict[str, str] = {}

    @property
    def due_at_s(self) -> float:
        """UTC, as seconds since 1970: a delay outlives this process, and with it every other clock."""
        return self.published_at_s + self.delay_s

    @property
    def expires_at_s(self) -> float | None:
        """When it is handled no more."""
        return None if self.ttl_s is None else self.due_at_s + self.ttl_s

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
            key=self.key,
            headers=dict(self.headers),
            attempt=attempt,
            published_at_utc=datetime.fromtimestamp(self.published_at_s, UTC),
            due_at_utc=datetime.fromtimestamp(self.due_at_s, UTC),
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


def detailed(
    plain: Message, key: str, delay_s: float, ttl_s: float | None, headers: Mapping[str, str] | None
) -> Message:
    """Say more about a message than most do.

    Raises:
        ValueError: something is out of range.
    """
    event, texts = plain.event, dict(headers or {})
    if len(key) > LONGEST_KEY or not is_text(key):
        raise ValueError(f"event_bus got a key of {len(key)} characters for {event!r}: give up to 200, and no NUL")
    if not 0 <= delay_s <= LONGEST_DELAY_S:
        raise ValueError(f"event_bus got delay={delay_s!r} for {event!r}: give seconds, up to a year")
    if ttl_s is not None and not 0 < ttl_s <= LONGEST_DELAY_S:
        raise ValueError(f"event_bus got ttl={ttl_s!r} for {event!r}: give seconds above 0, up to a year, or None")
    if not all(isinstance(text, str) for pair in texts.items() for text in pair):
        raise ValueError(f"event_bus got headers for {event!r} that are no texts: give a dict of str to str")
    if texts and len(encode_text(event, texts)) > LARGEST_HEADERS_BYTES:
        raise ValueError(f"event_bus got headers of over 4 KiB for {event!r}: put them into the payload")
    return msgspec.structs.replace(plain, key=key, delay_s=float(delay_s), ttl_s=ttl_s, headers=texts)


def is_text(name: str) -> bool:
    """Tell whether a database and a broker can keep it: no NUL, no half of a surrogate pair."""
    try:
        return b"\0" not in name.encode()
    except UnicodeEncodeError:
        return False


def encode_text(event: str, value: object) -> bytes:
    """Encode what has to be JSON.

    Raises:
        PayloadError: it is not.
    """
    try:
        return encode(value)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise PayloadError(event, f"it is not JSON ({error}): pass a Struct, or dicts, lists and scalars") from error


def shown(body: str | bytes) -> Any:
    """Decode a payload for people; one that cannot be is shown as its text, so that it hides no other.

    >>> shown(b'{"id": 7}'), shown('{"id": ')
    ({'id': 7}, '{"id": ')
    """
    try:
        return msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):  # deeper than what was at work at the publish
        return body if isinstance(body, str) else body.decode(errors="backslashreplace")


def _body(event: str, payload: object) -> bytes:
    body = encode_text(event, payload)
    if b"null" in body and _is_odd(msgspec.to_builtins(payload)):  # msgspec writes NaN as null
        raise PayloadError(event, "it is not JSON: a number in it is NaN, or infinite")
    if len(body) > LARGEST_PAYLOAD_BYTES:
        advice = "publish where the rest can be found"
        raise PayloadError(event, f"it has {len(body)} bytes of at most {LARGEST_PAYLOAD_BYTES}: {advice}")
    return body


def _is_odd(value: object) -> bool:
    if isinstance(value, float):
        return not math.isfinite(value)
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple | set) else ()
    return any(map(_is_odd, inner))
