"""What plugins may ask of `state`, and what it answers with when it cannot."""

from typing import Any, Protocol

from hookspecs import Refusal


class StateFullError(Refusal):
    """503: as much as there may be, and nothing whose time is over."""

    def __init__(self, retry_after_s: float) -> None:
        super().__init__(503, "no room to remember this now: try again later", retry_after_s)


class StateUnavailableError(Refusal):
    """503: what is remembered is out of reach; a change that was under way may have been made."""

    def __init__(self, reason: str, retry_after_s: float) -> None:
        super().__init__(503, "what is remembered is out of reach: try again later", retry_after_s)
        self.reason = reason
        """For the log: what happened. It names no password."""


class UnstorableError(ValueError):
    """A value that has no form to store it in."""


class NotIntegerError(TypeError):
    """An increment of something that is no integer."""


class State(Protocol):
    """Keeps small values by key, with a time to live: counters, caches, limits.

    Where another process keeps them each call may raise StateUnavailableError, after `STATE_TIMEOUT_S` at most.
    """

    async def get(self, key: str, default: object = None) -> Any:
        """Get a copy of what was set, or `default` when there is nothing, or its time is over."""
        ...

    async def set(self, key: str, value: object, *, ttl: float | None = None) -> None:
        """Set a key to a copy of a value, whatever was there before, its time to live included.

        Args:
            key: any text.
            value: None, bool, int of 64 bits, float, str, bytes, datetime, and lists and dicts of them;
                a tuple comes back as a list, a Struct as a dict.
            ttl: seconds until it is gone, above 0; None for ever.

        Raises:
            UnstorableError: the value holds something else.
            StateFullError: there is no room for it.
            ValueError: `ttl` is not above 0.
        """
        ...

    async def delete(self, key: str) -> bool:
        """Delete a key, and say whether there was something."""
        ...

    async def increment(self, key: str, by: int = 1, *, ttl: float | None = None) -> int:
        """Add to a counter and get its new value; atomic.

        Args:
            key: any text; a key with nothing counts from 0.
            by: what to add; below 0 to subtract.
            ttl: seconds until the counter is gone, from its first increment: later ones do not prolong it.

        Raises:
            NotIntegerError: there is something, and it is no integer.
            UnstorableError: what is there, `by`, or the sum is beyond -2**63 to 2**63 - 1.
            StateFullError: there is no room for one more key.
            ValueError: `ttl` is not above 0.
        """
        ...

    async def ttl(self, key: str) -> float | None:
        """Get the seconds that a key has left, or None for one that stays, and for one that is not there."""
        ...

    def namespace(self, name: str) -> "State":
        """Make a view whose keys meet those of no other namespace, or, in a namespace, one within it."""
        ...
