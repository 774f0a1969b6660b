"""Lists, a page at a time: what a client asks for, and where the next page begins.

A cursor holds the position of the last row, not a number of rows, so that pages neither repeat nor skip when rows come
and go, and the last page costs what the first does. It is neither secret nor signed: whatever position a client makes
up, a query must find only what this caller may see.
"""

import base64
from collections.abc import Callable, Sequence
from types import GenericAlias
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from msgspec import Meta, Struct

from tools.http.problem import Problem

T = TypeVar("T")
_INT64 = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
_WRONG = "it is no next_cursor of this list"


class Page(Struct, Generic[T], frozen=True):
    """One page of a list: ask for the next with `?after=<next_cursor>`; null is the end."""

    items: list[T]
    next_cursor: str | None = None


class PageQuery(Struct, frozen=True):
    """Which page; `id > ? ORDER BY id LIMIT ?`, (*page.start(0), page.rows), return page.of(rows, lambda row: row.id).

    A client asks for it: `page: Annotated[PageQuery, Query()]`, for short `page: Paging`. By more than one column:
    `SELECT ... WHERE (created_at_utc, id) > (?, ?) ORDER BY created_at_utc, id LIMIT ?`, with
    `(*page.start(datetime(1000, 1, 1, tzinfo=UTC), 0), page.rows)`, `into=` a Struct with a datetime
    `created_at_utc`, then `return page.of(rows, lambda row: (row.created_at_utc, row.id))`.
    """

    after: Annotated[str, Meta(max_length=500)] = ""
    limit: Annotated[int, Meta(ge=1, le=100)] = 20

    @property
    def rows(self) -> int:
        """How many rows to read: one more than the page has tells whether there is a next page."""
        return self.limit + 1

    def start(self, *first: Any) -> tuple[Any, ...]:
        """Answer with the position after which the page begins, as values of the types of `first`.

        Args:
            first: before every row, one value a column of the order, of the column's type: `0` for ids that ascend,
                `2**63 - 1` for ids that descend, `datetime(9999, 12, 31, tzinfo=UTC)` for times that do. Text, int,
                float, datetime with a zone, and what else JSON can be read as.

        Raises:
            Problem: 422 naming `after`, it is no cursor of such a list.
        """
        return decode_cursor(self.after, tuple(map(type, first))) if self.after else first

    def of(self, rows: Sequence[T], key: Callable[[T], Any]) -> Page[T]:
        """Make the page from `self.rows` rows or fewer; `key` answers with a row's value, or tuple of values, in order.

        Raises:
            ValueError: a value is None, which no row comes after.
        """
        items = list(rows[: self.limit])
        if len(rows) <= self.limit:
            return Page(items)
        values = key(items[-1])
        return Page(items, encode_cursor(values if isinstance(values, tuple) else (values,)))


def encode_cursor(values: tuple[Any, ...]) -> str:
    """Write a position as text that a URL can hold.

    >>> encode_cursor((7, "ñ"))
    'WzcsIsOxIl0'
    """
    if any(value is None for value in values):
        raise ValueError(f"a page ends at {values!r}: order its rows by columns that are never null")
    return base64.urlsafe_b64encode(msgspec.json.encode(values)).rstrip(b"=").decode()


def decode_cursor(text: str, kinds: tuple[type, ...]) -> tuple[Any, ...]:
    """Read a position.

    Raises:
        Problem: 422, it is none, or not one of values of these types.

    >>> decode_cursor("WzcsIsOxIl0", (int, str))
    (7, 'ñ')
    """
    exact: Any = GenericAlias(tuple, tuple(_INT64 if kind is int else kind for kind in kinds))
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
        values: tuple[Any, ...] = msgspec.json.decode(raw, type=exact)
        is_ours = encode_cursor(values) == text  # one spelling each: no 1.0 for a 1, no space
    except (msgspec.MsgspecError, ValueError, RecursionError):
        is_ours = False
    if not is_ours or any(isinstance(value, str) and "\0" in value for value in values):  # which databases refuse
        errors = [{"detail": _WRONG, "parameter": "after"}]
        raise Problem(422, "the query parameter 'after' is not valid", errors=errors)
    return values
