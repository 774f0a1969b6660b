"""Values on their way in and out of SQLite: what is stored for each, and what the declared types of columns give back.

| declared | stored | read |
|---|---|---|
| BOOLEAN | 0 or 1 | bool |
| DECIMAL, NUMERIC | REAL, so at most 15 significant digits | Decimal |
| DATE, TIME | ISO text | date, time |
| TIMESTAMP, DATETIME | `2024-01-01 07:00:00` as CURRENT_TIMESTAMP, or `2024-01-01 07:00:00.250000Z` | datetime in UTC |
| UUID, JSON | text | UUID, dict or list |

What has no declared type, such as `max(at)`, comes back as it is stored.
"""

import json
import sqlite3
from collections.abc import Callable
from datetime import date, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from tools.db.contract import OutOfRangeError
from tools.db.rows import moment
from tools.db.values import as_text, checked

Stored = str | int | float | bytes | None

_AS_THEY_ARE = (str, int, float, bytes, bool, type(None))
_DIGITS = 15
"""What a double keeps of every decimal."""


class UnreadableError(Exception):
    """A value in a column is none of its declared type: another program wrote it."""

    def __init__(self, kind: str, value: bytes) -> None:
        super().__init__(f"{value[:80]!r} is no {kind.lower()}")
        self.kind = kind


def stored(value: object, where: int | str) -> Stored:
    """Give what is stored for `value`; `where` is the parameter's name or place, for the error.

    Raises:
        ParameterError: nothing can be stored for it.
    """
    plain: Any = checked(value, where)
    if isinstance(plain, _AS_THEY_ARE):
        return plain
    return _real(plain, where) if isinstance(plain, Decimal) else as_text(plain)


def _real(value: Decimal, where: int | str) -> float:
    try:
        real = float(value)
        if Decimal(format(real, f".{_DIGITS}g")) == value:
            return real
    except (OverflowError, ArithmeticError):
        pass
    raise OutOfRangeError(
        f"db cannot keep a Decimal of more than {_DIGITS} significant digits in SQLite, parameter {where!r}: "
        "round it, or store text"
    )


def _boolean(value: bytes) -> bool:
    return {b"0": False, b"1": True}[value]


_READ: dict[str, Callable[[bytes], object]] = {
    "BOOLEAN": _boolean,
    "BOOL": _boolean,
    "DECIMAL": lambda value: Decimal(value.decode()),
    "NUMERIC": lambda value: Decimal(value.decode()),
    "DATE": lambda value: date.fromisoformat(value.decode()),
    "TIME": lambda value: time.fromisoformat(value.decode()),
    "TIMESTAMP": lambda value: moment(value.decode()),
    "DATETIME": lambda value: moment(value.decode()),
    "UUID": lambda value: UUID(value.decode()),
    "JSON": json.loads,
}


def register_types() -> None:
    """Let sqlite3 read the declared types, on connections with PARSE_DECLTYPES.

    sqlite3 keeps one table for the whole process; its own entries for dates, which it has deprecated, are replaced.
    """
    for kind, read in _READ.items():
        sqlite3.register_converter(kind, _reader(kind, read))


def _reader(kind: str, read: Callable[[bytes], object]) -> Callable[[bytes], object]:
    def reader(value: bytes) -> object:
        try:
            return read(value)
        except (ValueError, LookupError, ArithmeticError, RecursionError) as error:
            raise UnreadableError(kind, value) from error

    return reader
