"""Values on their way in, as every engine can store them."""

import json
import math
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import msgspec

from tools.db.contract import OutOfRangeError, ParameterError

Value = str | int | float | bytes | bool | Decimal | date | time | datetime | UUID | dict[str, Any] | list[Any] | None
"""What an engine has to store; a dict or a list is JSON."""

_NEVER = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
_SMALLEST, _LARGEST = -(2**63), 2**63 - 1
_MOST_PLACES = 16_383
"""Of a Decimal: PostgreSQL keeps no more behind the point, and `int` takes half a minute for a million before it."""
_DEEPEST = 500
"""Of JSON: Python's own limit is 1000, less what is at work, so that what was stored could not always be read."""


def checked(value: object, where: int | str) -> Value:
    """Give `value` as one of the plain types; `where` is the parameter's name or place, for the error.

    A moment comes out in UTC; an Enum as its value; a Struct, a tuple or a set as a dict or a list.

    Raises:
        ParameterError: nothing can be stored for it.
    """
    if value is None or value is True or value is False:
        return value
    if isinstance(value, str):
        return _text(value.value if isinstance(value, Enum) else value, where)
    if isinstance(value, int):
        return _whole(int(value), where)
    if isinstance(value, float | Decimal):
        return _fraction(value, where)
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    if isinstance(value, datetime):
        return _moment(value, where)
    if isinstance(value, date | UUID):
        return value
    if isinstance(value, time):
        return _time(value, where)
    if isinstance(value, Enum):
        return checked(value.value, where)
    return _json(value, where)


def as_text(value: Value) -> str:
    """Give the text that a column of text keeps of a value; that of moments sorts like time.

    >>> as_text(datetime(2024, 1, 2, tzinfo=UTC)), as_text(True), as_text({"a": 1})
    ('2024-01-02 00:00:00', '1', '{"a":1}')
    """
    match value:
        case bool():
            return str(int(value))
        case datetime():
            # what SQLite\'s CURRENT_TIMESTAMP gives for a whole second, so that a moment that was read is found again;
            # a fraction has one width, and sorts after that
            plain = value.replace(tzinfo=None)
            return f"{plain.isoformat(' ', 'microseconds')}Z" if plain.microsecond else plain.isoformat(" ")
        case Decimal():
            return str(float(value))
        case date() | time():
            return value.isoformat()
        case dict() | list():
            return json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
    return str(value)


def _text(value: str, where: int | str) -> str:
    if "\0" in value:
        raise OutOfRangeError(
            f"db was given text with a NUL character as parameter {where!r}: give bytes, or take it out"
        )
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise OutOfRangeError(
                f"db was given text with half a surrogate pair as parameter {where!r}: give whole characters"
            ) from None
    return value


def _whole(value: int, where: int | str) -> int:
    if not _SMALLEST <= value <= _LARGEST:
        raise OutOfRangeError(f"db was given an int beyond 64 bits as parameter {where!r}: give a smaller one, or text")
    return value


def _fraction(value: float | Decimal, where: int | str) -> float | Decimal:
    if value.is_nan() if isinstance(value, Decimal) else math.isnan(value):
        raise OutOfRangeError(f"db was given NaN as parameter {where!r}: give a number or None")
    if isinstance(value, Decimal) and not value.is_finite():
        raise OutOfRangeError(f"db was given an infinite Decimal as parameter {where!r}: give a number or None")
    if isinstance(value, Decimal) and abs(value.adjusted()) > _MOST_PLACES:
        raise OutOfRangeError(
            f"db was given a Decimal of more than {_MOST_PLACES} places as parameter {where!r}: round it, or give text"
        )
    return value


def _moment(value: datetime, where: int | str) -> datetime:
    if value.tzinfo is None:
        raise OutOfRangeError(
            f"db was given a datetime without a zone as parameter {where!r}: give it one, `datetime.now(UTC)`"
        )
    try:
        moment = value.astimezone(UTC)
    except OverflowError:
        moment = _NEVER[0]
    if moment in _NEVER:  # which asyncpg takes for infinity, and gives back without a zone
        raise OutOfRangeError(
            f"db was given the first or the last datetime that there is as parameter {where!r}: give None for never"
        )
    return moment


def _time(value: time, where: int | str) -> time:
    if value.tzinfo is not None:
        raise ParameterError(
            f"db was given a time with a zone as parameter {where!r}: give one without, or a whole datetime"
        )
    return value


def _json(value: object, where: int | str) -> dict[str, Any] | list[Any]:
    try:
        plain = msgspec.to_builtins(value, str_keys=True)
    except TypeError:
        plain = None
    except RecursionError:
        raise _too_deep(where) from None
    if not isinstance(plain, dict | list | tuple):
        raise ParameterError(
            f"db cannot store {type(value).__name__} as parameter {where!r}: give text, a number or a dict"
        )
    _check_json(plain, where)
    return list(plain) if isinstance(plain, tuple) else plain


def _check_json(plain: object, where: int | str, depth: int = 0) -> None:
    """JSON has neither NaN nor infinity, and PostgreSQL's no NUL."""
    if depth > _DEEPEST:
        raise _too_deep(where)
    if isinstance(plain, dict):
        for name, value in plain.items():
            _text(name, where)
            _check_json(value, where, depth + 1)
    elif isinstance(plain, list | tuple):
        for value in plain:
            _check_json(value, where, depth + 1)
    elif isinstance(plain, str):
        _text(plain, where)
    elif isinstance(plain, float) and not math.isfinite(plain):
        raise OutOfRangeError(f"db was given NaN or infinity inside parameter {where!r}: JSON has neither")


def _too_deep(where: int | str) -> OutOfRangeError:
    return OutOfRangeError(
        f"db was given more than {_DEEPEST} levels of lists and dicts as parameter {where!r}: give fewer"
    )
