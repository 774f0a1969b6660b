"""Whether an attempt may begin, and what its error means: another one after a while, or the end."""

import logging
import random
import time
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from hookspecs import Refusal
from tools.event_bus.backoff import backoff_s
from tools.event_bus.callback import UnreadableError
from tools.event_bus.contract import State
from tools.event_bus.delivery import Delivery, LostError
from tools.event_bus.options import Options

log = logging.getLogger(__name__)
MOST_CONFLICTS = 10
LONGEST_TEXT = 2_000


class ExpiredError(Exception):
    """Its `ttl` was over before it began."""


class SpentError(Exception):
    """Each of its attempts ended with its process."""


class Keeper(Protocol):
    """The part of a log that a subscription tells; see `log.Log`."""

    def ended(self, delivery: Delivery, state: State, error: str = "") -> None: ...
    async def marked(self) -> None: ...
    @property
    def is_in_doubt(self) -> bool: ...
    async def counted(self, delivery: Delivery) -> bool: ...
    async def within(self, delivery: Delivery, function: Callable[..., Awaitable[Any]], *args: Any) -> Any: ...


async def admit(delivery: Delivery, options: Options, keeper: Keeper) -> None:
    """Let an attempt begin that is not a plain first one.

    Raises:
        LostError: it is not ours any more.
        ExpiredError, SpentError: it is not to begin.
    """
    expires_at_s = delivery.message.expires_at_s
    if expires_at_s is not None and time.time() >= expires_at_s:
        raise ExpiredError
    if delivery.is_spent and delivery.attempt > options.retries + 1:
        delivery.attempt -= 1
        raise SpentError
    if (delivery.is_retry or keeper.is_in_doubt) and not await keeper.counted(delivery):
        raise LostError


def judged(delivery: Delivery, error: BaseException, options: Options, ends: Keeper) -> float | None:
    """Note what an error means; answers with the seconds until the next attempt, or None for none."""
    event, event_id, group, attempt = (
        delivery.message.event, delivery.message.trace.event_id, delivery.group, delivery.attempt
    )  # fmt: skip
    if isinstance(error, LostError):
        log.warning("%s has lost %r (%s): another process took it over, or it is done", group, event, event_id)
    elif isinstance(error, ExpiredError):
        log.warning("%s did not get to %r (%s) within its ttl", group, event, event_id)
        ends.ended(delivery, "expired")
    elif isinstance(error, Refusal) and error.runs_again and delivery.conflicts < MOST_CONFLICTS:
        delivery.conflicts += 1  # nothing was done: it is no failed attempt
        return backoff_s(0.002, delivery.conflicts, random.random())
    elif attempt > options.retries or isinstance(error, GeneratorExit | UnreadableError | SpentError):
        exc_info = None if isinstance(error, SpentError) else error
        log.error("%s failed %r (%s) for good in attempt %d", group, event, event_id, attempt, exc_info=exc_info)
        ends.ended(delivery, "dead", _text(error))
    else:
        log.warning("%s failed in attempt %d of %r, and is tried again: %r", group, attempt, event, error)
        delivery.attempt, delivery.is_retry = attempt + 1, True
        return backoff_s(options.backoff_s, attempt, random.random())
    return None


def said(error: BaseException) -> str:
    """Say which error it is and what it says, also where it fails at that."""
    try:
        return f"{type(error).__name__}: {error}"
    except Exception as problem:
        return f"{type(error).__name__}, whose text cannot be made: {type(problem).__name__}"


def _text(error: BaseException) -> str:
    if isinstance(error, SpentError):
        return "the process ended while it handled this, in each attempt"
    text = str(error) if isinstance(error, UnreadableError) else said(error)
    # what a database can keep: a name of a file may have half a surrogate pair, what a client sent a NUL
    return text[:LONGEST_TEXT].encode(errors="backslashreplace").decode().replace("\0", "\\0")
