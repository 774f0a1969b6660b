"""What the plugin that serves assistants calls on `assistant`; no feature has a use for it."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from hookspecs import ASGIApp


class Transaction(Protocol):
    """`db.transaction`."""

    def __call__(self, *, serializable: bool) -> AbstractAsyncContextManager[None]:
        """Keep all of a block or nothing."""
        ...


class Issue(Protocol):
    """`auth.issue`."""

    def __call__(self, subject: str, *, scopes: Sequence[str]) -> str:
        """Issue a token."""
        ...


class Composed(Protocol):
    """What the one plugin that wires it calls."""

    def compose(
        self, *, transaction: Transaction, issue: Issue, trace: Callable[[str], Awaitable[Any]]
    ) -> ASGIApp | None:
        """Compose it from other tools, in `on_boot`; get the app to mount at `/mcp`, or None outside development.

        A tool of your own says with `is_rehearsable = True` on its contract that no call of it has an effect which
        outlives a transaction of `db`: then plugins that ask for it can be rehearsed.

        Args:
            transaction: what a rehearsal happens in, and is undone with.
            issue: makes the token of whom a call is rehearsed as.
            trace: what followed from a request: a value that msgspec encodes, with `events`.
        """
        ...


class Assistant(Composed, Protocol):
    """Shows an assistant what stands: `system.serve_mcp` composes it, no other plugin needs it."""
