"""Values for the types that the server takes: how a statement has to be written, and its values be given.

The server finds a parameter's type by what stands around it, and asyncpg sends a value of that type only. What SQLite
would convert by the column's affinity is converted here; where the server cannot tell (`? + ?`), it is told by a cast.
What was found is kept for each statement and the types of its values.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from types import NoneType
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import msgspec

from tools.db.contract import OutOfRangeError, ParameterError
from tools.db.postgres.wire import Raw
from tools.db.statement import tokens
from tools.db.values import as_text

Convert = Callable[[Any], Any]

_MOST_PLANS = 2048
_UNTOLD = ("42725", "42P18", "42P08", "42883", "42804", "42846")
"""Errors of a server that does not know which type is meant, or was told a wrong one."""

_CASTS: dict[type, str] = {
    bool: "boolean",
    int: "bigint",
    float: "double precision",
    Decimal: "numeric",
    str: "text",
    bytes: "bytea",
    date: "date",
    time: "time",
    datetime: "timestamptz",
    UUID: "uuid",
    dict: "jsonb",
    list: "jsonb",
}
_WHOLE = {"int2": 2**15, "int4": 2**31, "int8": 2**63}
_TAKEN: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(_WHOLE, (int, bool)),
    **dict.fromkeys(("float4", "float8"), (float, int, Decimal)),
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


class Plan(NamedTuple):
    """A statement as it is sent; `converts` is empty where no value changes."""

    text: str
    converts: tuple[Convert | None, ...]

    def values(self, given: Sequence[Any]) -> Sequence[Any]:
        """Give what asyncpg takes.

        Raises:
            ParameterError: a value is none of its parameter's type, and cannot become one.
        """
        if not self.converts:
            return given
        pairs = enumerate(zip(self.converts, given, strict=True), 1)
        return [
            value if convert is None or value is None else _fitted(convert, value, at) for at, (convert, value) in pairs
        ]


class Plans:
    """The plans so far."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, tuple[type, ...]], Plan] = {}

    def forget(self) -> None:
        """The schema was changed: parameters may have other types."""
        self._known.clear()

    async def of(self, raw: Raw, text: str, given: Sequence[Any]) -> Plan:
        """Give the plan of a statement for such values; the server is asked the first time.

        Raises:
            asyncpg.PostgresError: the statement cannot be run.
        """
        key = text, tuple(map(type, given))
        plan = self._known.get(key)
        if plan is None:
            plan = await self._made(raw, *key)
            if len(self._known) >= _MOST_PLANS:
                self._known.clear()
            self._known[key] = plan
        return plan

    async def _made(self, raw: Raw, text: str, kinds: tuple[type, ...]) -> Plan:
        told = cast(text, kinds)
        try:
            names = await _names(raw, text, may_fail=told != text)
        except asyncpg.PostgresError as error:
            if error.sqlstate not in _UNTOLD or told == text:
                raise
            try:
                await _names(raw, told, may_fail=True)
            except asyncpg.PostgresError:
                raise error from None
            return Plan(told, ())
        is_vague = any(name == "text" and kind in (bool, int, float) for name, kind in zip(names, kinds, strict=True))
        if is_vague and await _is_possible(raw, told):
            return Plan(told, ())
        converts = tuple(_convert(name, kind) for name, kind in zip(names, kinds, strict=True))
        return Plan(text, converts if any(converts) else ())


def cast(text: str, kinds: Sequence[type]) -> str:
    """Write the type of each value behind its `$1`.

    >>> cast("SELECT $1 + $2 -- $1", (int, float))
    'SELECT $1::bigint + $2::double precision -- $1'
    """
    pieces, begin = [], 0
    for part in tokens(text, "postgresql"):
        if part.kind == "strange" and (name := _CASTS.get(kinds[int(part.text[1:]) - 1])):
            pieces.append(f"{text[begin : part.end]}::{name}")
            begin = part.end
    return "".join([*pieces, text[begin:]])


async def _names(raw: Raw, text: str, *, may_fail: bool) -> list[str]:
    """The types of the parameters; a transaction survives that they cannot be told."""
    is_guarded = may_fail and raw.is_in_transaction()
    if is_guarded:
        await raw.execute("SAVEPOINT asked")
    try:
        statement = await raw.prepare(text)
        return [kind.name for kind in statement.get_parameters()]
    except asyncpg.PostgresError:
        if is_guarded:
            await raw.execute("ROLLBACK TO asked")
        raise
    finally:
        if is_guarded and not raw.is_closed():
            await raw.execute("RELEASE asked")


async def _is_possible(raw: Raw, text: str) -> bool:
    try:
        await _names(raw, text, may_fail=True)
    except asyncpg.PostgresError:
        return False
    return True


def _convert(name: str, kind: type) -> Convert | None:
    """How a value of `kind` becomes one of type `name`; None for as it is."""
    if kind is NoneType or name not in _TAKEN:
        return None
    if name in _WHOLE:
        return _whole(name)
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


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        raise ValueError
    return as_text(value)


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
    **dict.fromkeys(("float4", "float8"), float),
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


def _fitted(convert: Convert, value: Any, place: int) -> Any:
    try:
        return convert(value)
    except OverflowError as error:
        raise OutOfRangeError(f"db cannot send parameter {place}: {error}: give a smaller one") from error
    except (ValueError, TypeError, ArithmeticError) as error:
        raise ParameterError(
            f"db cannot send {type(value).__name__} as parameter {place}: its column, or what stands beside it, "
            "is of another type"
        ) from error
