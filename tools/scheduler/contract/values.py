"""The values that plugins meet on `scheduler`."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any, Literal, Protocol

from msgspec import Struct

Misfire = Literal["once", "skip", "all"]
"""What is published for due times that passed while nothing ran.

once: one event for all of them. skip: none, unless the last is at most `grace_s` seconds late. all: one each, for the
last 1,000.
"""

Publish = Callable[[str, Any], Awaitable[object]]
"""`await publish(event, payload)`: what it raises is logged, and it is called again."""


class Job(Struct, frozen=True, kw_only=True):
    """An event that is to be published."""

    id: str
    """The name given to `cron` or `every`, or what `at` answered."""
    schedule: str
    """As it was declared, e.g. `0 7 * * * Europe/Rome` or `every 30 s`; empty for one of `at`."""
    event: str
    payload: Any
    owner: str
    """The plugin that declared it; empty for one of `at`."""
    due_at_utc: datetime
    state: Literal["scheduled", "cancelled", "undeclared"]
    """undeclared: no plugin of this process declares it any more, so it is not run by this process."""


class Store(Protocol):
    """The part of the tool `db` that keeps jobs; see its contract."""

    async def query(self, sql: Any, params: Any = None, *, into: Any = None) -> list[Any]:
        """Read rows."""
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
