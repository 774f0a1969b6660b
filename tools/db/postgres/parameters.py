"""Values for the types that the server takes: how a statement has to be written, and its values be given.

The server finds a parameter's type by what stands around it, and asyncpg sends a value of that type only. What SQLite
would convert by the column's affinity is converted here; where the server cannot tell (`? + ?`), it is told by a cast.
What was found is kept for each statement and the types of its values.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from itertools import pairwise
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from tools.db.known import Known
from tools.db.postgres.conversions import Convert, conversion, fitted
from tools.db.postgres.wire import Raw
from tools.db.tokens import tokens

_MOST_PLANS = 2048
_UNDECIDED = "42P18"
_AMBIGUOUS = "42P08"
_UNTOLD = ("42725", _AMBIGUOUS, "42883", "42804", "42846")
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
            value if convert is None or value is None else fitted(convert, value, at) for at, (convert, value) in pairs
        ]


class Plans:
    """The plans so far."""

    def __init__(self) -> None:
        self._known: Known[tuple[str, tuple[type, ...]], Plan] = Known(_MOST_PLANS)

    def forget(self) -> None:
        """The schema was changed: parameters may have other types."""
        self._known.forget()

    async def of(self, raw: Raw, text: str, given: Sequence[Any]) -> Plan:
        """Give the plan of a statement for such values; the server is asked the first time.

        Raises:
            asyncpg.PostgresError: the statement cannot be run.
        """
        key = text, tuple(map(type, given))
        return self._known.get(key) or self._known.add(key, await self._made(raw, *key), len(text))

    async def _made(self, raw: Raw, text: str, kinds: tuple[type, ...]) -> Plan:
        casts = {at: _CASTS[kind] for at, kind in enumerate(kinds, 1) if kind in _CASTS}
        told: dict[int, str] = {}
        while True:
            try:
                names = await _names(raw, cast(text, told))
                break
            except asyncpg.PostgresError as error:
                bare = _without_test(error, text, kinds)
                more = told if bare != text else _more(error, told, casts)
                if (bare, more) == (text, told):
                    raise
                text, told = bare, more
        is_vague = any(
            name == "text" and kind in (bool, int, float) and at not in told
            for at, (name, kind) in enumerate(zip(names, kinds, strict=True), 1)
        )
        if is_vague and await _is_possible(raw, cast(text, casts)):
            return Plan(cast(text, casts), ())
        converts = tuple(conversion(name, kind) for name, kind in zip(names, kinds, strict=True))
        return Plan(cast(text, told), converts if any(converts) else ())


def _more(error: asyncpg.PostgresError, told: Mapping[int, str], casts: dict[int, str]) -> dict[int, str]:
    """What else to tell a server that does not know a type; the same as before where that is no remedy."""
    if error.sqlstate == _UNDECIDED and (place := _named(error)):
        return {**told, place: casts.get(place, "text")}
    return {**casts, **told} if error.sqlstate in _UNTOLD else dict(told)


def _named(error: asyncpg.PostgresError) -> int:
    """The number of the parameter that an error names, or 0."""
    return int(found[1]) if (found := re.search(r"\$(\d+)", str(error))) else 0


def _without_test(error: asyncpg.PostgresError, text: str, kinds: Sequence[type]) -> str:
    """Leave the type of a None to the places where it is compared; the same text where that is no remedy.

    For `:a IS NULL OR a = :a` the server takes `$1` for text because of the first place, and fails at the second.
    """
    place = _named(error) if error.sqlstate == _AMBIGUOUS else 0
    return asked_for_null(text, place) if place and kinds[place - 1] is type(None) else text


def asked_for_null(text: str, place: int) -> str:
    """Write NULL for a parameter that is NULL, where it is followed by IS.

    >>> asked_for_null("SELECT 1 WHERE $1 IS NULL OR a = $1 -- $1 IS", 1)
    'SELECT 1 WHERE NULL IS NULL OR a = $1 -- $1 IS'
    """
    pieces, begin, parts = [], 0, list(tokens(text, "postgresql"))
    for part, after in pairwise(parts):
        if part.kind == "strange" and part.text == f"${place}" and after.text.upper() == "IS":
            pieces += [text[begin : part.end - len(part.text)], "NULL"]
            begin = part.end
    return "".join([*pieces, text[begin:]])


def cast(text: str, types: Mapping[int, str]) -> str:
    """Write a type behind each `$1` that `types` has one for.

    >>> cast("SELECT $1 + $2 -- $1", {1: "bigint"})
    'SELECT $1::bigint + $2 -- $1'
    """
    pieces, begin = [], 0
    for part in tokens(text, "postgresql") if types else ():
        if part.kind == "strange" and (name := types.get(int(part.text[1:]))):
            pieces.append(f"{text[begin : part.end]}::{name}")
            begin = part.end
    return "".join([*pieces, text[begin:]])


async def _names(raw: Raw, text: str) -> list[str]:
    """The types of the parameters; a transaction survives that they cannot be told."""
    if not raw.is_in_transaction():
        return await _asked(raw, text)
    await raw.execute("SAVEPOINT asked")
    try:
        names = await _asked(raw, text)
    except asyncpg.PostgresError:
        await raw.execute("ROLLBACK TO asked")
        await raw.execute("RELEASE asked")
        raise
    await raw.execute("RELEASE asked")
    return names


async def _asked(raw: Raw, text: str) -> list[str]:
    statement = await raw.prepare(text)
    return [kind.name for kind in statement.get_parameters()]


async def _is_possible(raw: Raw, text: str) -> bool:
    try:
        await _names(raw, text)
    except asyncpg.PostgresError:
        return False
    return True
