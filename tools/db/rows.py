"""Rows on their way out: tuples become dicts, or what `into` names; how is found once for each shape."""

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from inspect import Parameter, signature
from itertools import starmap
from operator import itemgetter
from typing import Any, NamedTuple

import msgspec
from msgspec import inspect

from tools.db.contract import DbError

Row = dict[str, Any]
Found = Sequence[tuple[Any, ...]]
Mend = Callable[[str], Any]

_JSON_TYPES = (
    inspect.CollectionType,
    inspect.TupleType,
    inspect.DictType,
    inspect.StructType,
    inspect.TypedDictType,
    inspect.DataclassType,
    inspect.NamedTupleType,
)


class _Plan(NamedTuple):
    """How tuples become Structs: checked as tuples, and then given to the class by place."""

    pick: Callable[[tuple[Any, ...]], tuple[Any, ...]] | None
    """Puts the columns into the order of the fields; None where they are."""
    kind: Any
    mends: tuple[tuple[int, Mend], ...]


def moment(text: str) -> datetime:
    """Read a moment, which is in UTC where it says no zone.

    >>> moment("2024-01-01 07:00:00").isoformat(), moment("2024-01-01T07:00:00.5+01:00").isoformat()
    ('2024-01-01T07:00:00+00:00', '2024-01-01T06:00:00.500000+00:00')

    Raises:
        ValueError: it is none.
    """
    if text[4:5] != "-":
        raise ValueError(f"{text!r} is no moment: write 2024-01-01 07:00:00")
    found = datetime.fromisoformat(text)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def shaped(names: tuple[str, ...], found: Found, into: type | None) -> list[Any]:
    """Make of each of `found` a dict, or what `into` names.

    Raises:
        DbError: two columns have one name, so that one would hide the other; or a row does not fit.
    """
    if into is not None and (plan := _plan(names, into)) is not None:
        try:
            return _structs(plan, found, into)
        except (ValueError, TypeError):
            pass  # the way by names tells what is wrong by its name
    return fitted(named_rows(names, found), into)


def named_rows(names: tuple[str, ...], found: Iterable[tuple[Any, ...]]) -> list[Row]:
    """Make a dict of each row.

    Raises:
        DbError: two columns have one name, so that one would hide the other.
    """
    if len(set(names)) < len(names):
        double = next(name for name in names if names.count(name) > 1)
        raise DbError(f"db got two columns named {double!r}: give one another name with AS")
    return [dict(zip(names, row, strict=True)) for row in found]


def fitted(rows: list[Row], into: type | None) -> list[Any]:
    """Convert `rows` to `into`; JSON text goes into fields that hold lists, dicts or Structs.

    Raises:
        DbError: a row does not fit, with the path to the value.
    """
    if into is None:
        return rows
    try:
        for name, mend in _mends(into).items():
            for row in rows:
                if isinstance(row.get(name), str):
                    row[name] = mend(row[name])
        return msgspec.convert(rows, list[into], strict=False)  # type: ignore[valid-type]  # a type at run time
    except ValueError as error:  # msgspec.ValidationError is one
        if _are_mended(rows, into):
            return fitted(rows, into)
        raise DbError(f"db rows do not fit {into.__name__}: {error}: select the columns that it names") from error


def _are_mended(rows: list[Row], into: type) -> bool:
    """Make numbers of Decimals where a field is one: an engine that has exact decimals sums whole numbers so."""
    is_changed = False
    for name, kind in _numbers(into).items():
        for row in rows:
            value = row.get(name)
            if isinstance(value, Decimal) and (kind is float or value == int(value)):
                row[name] = kind(value)
                is_changed = True
    return is_changed


@lru_cache(maxsize=512)
def _numbers(into: type) -> dict[str, type[int] | type[float]]:
    fields: Iterable[inspect.Field] = getattr(inspect.type_info(into), "fields", ())
    found = {field.encode_name: _number(field.type) for field in fields}
    return {name: kind for name, kind in found.items() if kind is not None}


def _number(kind: inspect.Type) -> type[int] | type[float] | None:
    if isinstance(kind, inspect.Metadata):
        return _number(kind.type)
    if isinstance(kind, inspect.UnionType):
        return next((number for one in kind.types if (number := _number(one)) is not None), None)
    if isinstance(kind, inspect.IntType):
        return int
    return float if isinstance(kind, inspect.FloatType) else None


def _structs(plan: _Plan, found: Found, into: type) -> list[Any]:
    rows: Any = found if plan.pick is None else list(map(plan.pick, found))
    if plan.mends:
        rows = list(map(list, rows))
        for place, mend in plan.mends:
            for row in rows:
                if isinstance(row[place], str):
                    row[place] = mend(row[place])
    return list(starmap(into, msgspec.convert(rows, plan.kind, strict=False)))


@lru_cache(maxsize=512)
def _plan(names: tuple[str, ...], into: type) -> _Plan | None:
    """Find the short way; None where only the long one does it: by names, with defaults in between, or with a tag."""
    if not (isinstance(into, type) and issubclass(into, msgspec.Struct)) or len(set(names)) < len(names):
        return None
    config = into.__struct_config__
    fields = [field for field in msgspec.structs.fields(into) if field.encode_name in names]
    wanted = [name for name, one in signature(into).parameters.items() if one.kind is Parameter.POSITIONAL_OR_KEYWORD]
    is_first = [field.name for field in fields] == wanted[: len(fields)]
    is_whole = all(not field.required or field in fields for field in msgspec.structs.fields(into))
    is_refused = config.forbid_unknown_fields and len(fields) < len(names)
    if not fields or not is_first or not is_whole or is_refused or config.tag is not None:
        return None
    places = [names.index(field.encode_name) for field in fields]
    pick = itemgetter(*places) if len(places) > 1 else (lambda row: (row[places[0]],))
    mends = _mends(into)
    return _Plan(
        None if places == list(range(len(names))) else pick,
        list[tuple[tuple(field.type for field in fields)]],  # type: ignore[misc]  # a type at run time
        tuple((at, mends[field.encode_name]) for at, field in enumerate(fields) if field.encode_name in mends),
    )


@lru_cache(maxsize=512)
def _mends(into: type) -> dict[str, Mend]:
    """By column, what makes a field's value of text: an engine that does not know a column's type gives text."""
    fields: Iterable[inspect.Field] = getattr(inspect.type_info(into), "fields", ())
    found = {field.encode_name: _mend(field.type) for field in fields}
    return {name: mend for name, mend in found.items() if mend is not None}


def _mend(kind: inspect.Type) -> Mend | None:
    if isinstance(kind, inspect.Metadata):
        return _mend(kind.type)
    if isinstance(kind, inspect.UnionType):
        mends = [_mend(one) for one in kind.types]
        is_text = any(isinstance(one, inspect.StrType) for one in kind.types)
        return None if is_text else next((mend for mend in mends if mend is not None), None)
    if isinstance(kind, inspect.DateTimeType):
        return moment
    return json.loads if isinstance(kind, _JSON_TYPES) else None
