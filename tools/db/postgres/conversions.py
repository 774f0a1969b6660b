"""A Python value as one of the type that the server takes: what SQLite would convert by the column's affinity."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from math import isinf
from types import NoneType
from typing import Any
from uuid import UUID

import msgspec

from tools.db.contract import OutOfRangeError, ParameterError
from tools.db.values import as_text

Convert = Callable[[Any], Any]

_WHOLE = {"int2": 2**15, "int4": 2**31, "int8": 2**63}
_TAKEN: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(_WHOLE, (int, bool)),
    **dict.fromkeys(("float4", "float8"), (float, int)),
    "numeric": (Decimal, int, float),
    "bool": (bool,),
    **dict.fromkeys(("text", "varchar", "bpchar", "name"), (str,)),
    "bytea": (bytes,),
    "date": (date,),
    "time": (time,),
    "timestamptz": (datetime,),
    "uuid": (UUID,),
    **dict.fromkeys(("json", "jsonb"), (dict, list, str, int, float, bool)),
}
"""What asyncpg, or a codec of ours, takes as it is."""


def conversion(name: str, kind: type) -> Convert | None:
    """How a value of `kind` becomes one of type `name`; None for as it is."""
    if kind is NoneType or name not in _TAKEN:
        return None
    if name in _WHOLE:
        return _WHOLES[name]
    return None if kind in _TAKEN[name] else _CONVERTS[name]


def _whole(name: str) -> Convert:
    most = _WHOLE[name]

    def whole(value: Any) -> int:
        number = int(value)
        if number != (value if isinstance(value, int | float | Decimal) else number):
            raise ValueError
        if not -most <= number < most:
            raise OverflowError(f"{value} is beyond its {name}")
        return number

    return whole


_WHOLES = {name: _whole(name) for name in _WHOLE}
"""Made once: a plan has one for each of its parameters."""


def _real(value: Any) -> float:
    """Give a float; one as large as an infinite one is none that was given."""
    real = float(value)
    if isinstance(value, Decimal) and isinf(real):
        raise OverflowError(f"{value} is beyond a float")
    return real


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        raise ValueError
    return as_text(_real(value) if isinstance(value, Decimal) else value)


def _moment(value: Any) -> datetime:
    moment = msgspec.convert(value if isinstance(value, str) else None, datetime)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _truth(value: Any) -> bool:
    if value not in (0, 1):
        raise ValueError
    return bool(value)


def _parsed(kind: Any) -> Convert:
    return lambda value: msgspec.convert(value, kind)


def _day(value: Any) -> date:
    return value.date() if isinstance(value, datetime) else msgspec.convert(value, date)


def _refused(value: Any) -> Any:
    raise ValueError


_CONVERTS: dict[str, Convert] = {
    **dict.fromkeys(("float4", "float8"), _real),
    "numeric": Decimal,
    "bool": _truth,
    **dict.fromkeys(("text", "varchar", "bpchar", "name"), _text),
    "bytea": _refused,
    "date": _day,
    "time": _parsed(time),
    "timestamptz": _moment,
    "uuid": _parsed(UUID),
    **dict.fromkeys(("json", "jsonb"), _refused),
}


def fitted(convert: Convert, value: Any, place: int) -> Any:
    try:
        return convert(value)
    except OverflowError as error:
        raise OutOfRangeError(f"db cannot send parameter {place}: {error}: give a smaller one") from error
    except (ValueError, TypeError, ArithmeticError) as error:
        raise ParameterError(
            f"db cannot send {type(value).__name__} as parameter {place}: its column, or what stands beside it, "
            "is of another type"
        ) from error
