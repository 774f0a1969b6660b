"""Values on their way in and out: what SQLite stores of a Python value, and what a Struct gets back."""

import json
import math
from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import Any
from uuid import UUID

import msgspec
from msgspec import inspect

from tools.db.contract import DbError, OutOfRangeError, ParameterError

Stored = str | int | float | bytes | None
Row = dict[str, Any]

_SMALLEST, _LARGEST = -(2**63), 2**63 - 1
_JSON_TYPES = (
    inspect.CollectionType,
    inspect.TupleType,
    inspect.DictType,
    inspect.StructType,
    inspect.TypedDictType,
    inspect.DataclassType,
    inspect.NamedTupleType,
)


def stored(value: object, where: int | str) -> Stored:
    """Give what is stored for `value`; `where` is the parameter's name or place, for the error.

    Raises:
        ParameterError: nothing can be stored for it.
    """
    if value is None or isinstance(value, str | bytes):
        return value.value if isinstance(value, Enum) else value
    if isinstance(value, int):
        return _whole(int(value), where)
    if isinstance(value, float | Decimal):
        return _fraction(value, where)
    if isinstance(value, date | time):
        return _moment(value)
    if isinstance(value, bytearray | memoryview):
        return bytes(value)
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Enum):
        return stored(value.value, where)
    return _json(value, where)


def _whole(value: int, where: int | str) -> int:
    if not _SMALLEST <= value <= _LARGEST:
        raise OutOfRangeError(f"db was given an int beyond 64 bits as parameter {where!r}: give a smaller one, or text")
    return value


def _fraction(value: float | Decimal, where: int | str) -> float | str:
    if math.isnan(value):
        raise OutOfRangeError(f"db was given NaN as parameter {where!r}: give a number or None")
    return value if isinstance(value, float) else str(value)


def _moment(value: date | time) -> str:
    """ISO text of one width, and in UTC where there is a zone: the order of text is then that of time."""
    if isinstance(value, datetime):
        if value.tzinfo is None:
            return value.isoformat(timespec="microseconds")
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
    return value.isoformat()


def _json(value: object, where: int | str) -> str:
    try:
        plain = msgspec.to_builtins(value, str_keys=True)
        if isinstance(plain, dict | list | tuple):
            # not msgspec.json: it writes null for NaN
            return json.dumps(plain, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
    except TypeError:
        pass
    except ValueError as error:
        raise OutOfRangeError(f"db was given NaN or infinity inside parameter {where!r}: JSON has neither") from error
    raise ParameterError(
        f"db cannot store {type(value).__name__} as parameter {where!r}: give text, a number or a dict"
    )


def named_rows(columns: Iterable[str], rows: Iterable[tuple[Any, ...]]) -> list[Row]:
    """Make a dict of each row.

    Raises:
        DbError: two columns have one name, so that one would hide the other.
    """
    names = list(columns)
    double = next((name for name in names if names.count(name) > 1), None)
    if double is not None:
        raise DbError(f"db got two columns named {double!r}: give one another name with AS")
    return [dict(zip(names, row, strict=True)) for row in rows]


def fitted(rows: list[Row], into: type | None) -> list[Any]:
    """Convert `rows` to `into`; JSON text goes into fields that hold lists, dicts or Structs.

    Raises:
        DbError: a row does not fit, with the path to the value.
    """
    if into is None:
        return rows
    try:
        for name in _json_fields(into):
            for row in rows:
                if isinstance(row.get(name), str):
                    row[name] = json.loads(row[name])
        return msgspec.convert(rows, list[into], strict=False)  # type: ignore[valid-type]  # a type at run time
    except ValueError as error:  # msgspec.ValidationError is one
        raise DbError(f"db rows do not fit {into.__name__}: {error}: select the columns that it names") from error


@lru_cache(maxsize=512)
def _json_fields(into: type) -> tuple[str, ...]:
    kind = inspect.type_info(into)
    fields: Iterable[inspect.Field] = getattr(kind, "fields", ())
    return tuple(field.encode_name for field in fields if _is_json(field.type))


def _is_json(kind: inspect.Type) -> bool:
    if isinstance(kind, inspect.Metadata):
        return _is_json(kind.type)
    if isinstance(kind, inspect.UnionType):
        is_text = any(isinstance(one, inspect.StrType) for one in kind.types)
        return not is_text and any(map(_is_json, kind.types))
    return isinstance(kind, _JSON_TYPES)
