"""What an annotation says: its mark, the type under it, whether text can become that type; and the texts that do."""

import re
import types
import typing
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any
from uuid import UUID

import msgspec

from tools.http.contract import Body, Cookie, File, Form, Header, Query

Mark = Body | Cookie | File | Form | Header | Query
SCALARS = (str, int, float, bool, date, datetime, time, timedelta, Decimal, UUID, Enum)
COLLECTIONS = (list, set, tuple, frozenset)
INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1
_FRACTION = re.compile(r"-?[0-9]+[.eE]")  # msgspec takes `1.0` for an integer, where a client means none


def marked(annotation: Any) -> tuple[Mark | None, Any]:
    """Part an `Annotated` into its mark and what msgspec understands."""
    kind, *extras = typing.get_args(annotation) if typing.get_origin(annotation) is Annotated else (annotation,)
    mark = next((one for one in extras if isinstance(one, Mark)), None)
    rest = [one for one in extras if one is not mark]
    return mark, Annotated[(kind, *rest)] if rest else kind


def is_union(annotation: Any) -> bool:
    """Whether it is `A | B`, in either spelling."""
    return typing.get_origin(annotation) in (types.UnionType, typing.Union)


def bare(annotation: Any) -> Any:
    """Strip `Annotated` and `| None`."""
    if typing.get_origin(annotation) is Annotated:
        return bare(typing.get_args(annotation)[0])
    kinds = [one for one in typing.get_args(annotation) if one is not type(None)] if is_union(annotation) else []
    return bare(kinds[0]) if len(kinds) == 1 else annotation


def fields_of(annotation: Any) -> tuple[msgspec.structs.FieldInfo, ...] | None:
    """List the fields of a Struct; None for anything else."""
    kind = bare(annotation)
    origin = typing.get_origin(kind) or kind
    is_struct = isinstance(origin, type) and issubclass(origin, msgspec.Struct)
    return msgspec.structs.fields(kind) if is_struct else None


def is_body(annotation: Any) -> bool:
    """Tell whether it is a Struct, or a union of some, of which the tag of a JSON body chooses one."""
    kind = bare(annotation)
    kinds = typing.get_args(kind) if is_union(kind) else (kind,)
    return all(one is type(None) or fields_of(one) is not None for one in kinds)


def is_several(annotation: Any) -> bool:
    """Whether it takes every value of a name."""
    kind = bare(annotation)
    return (typing.get_origin(kind) or kind) in COLLECTIONS


def is_scalar(annotation: Any) -> bool:
    """Whether text, or a list of texts, can become it."""
    kind = bare(annotation)
    if typing.get_origin(kind) in COLLECTIONS:
        return all(is_scalar(one) for one in typing.get_args(kind) if one is not ...)
    return typing.get_origin(kind) is typing.Literal or (isinstance(kind, type) and issubclass(kind, SCALARS))


def from_text(given: str | Sequence[str], kind: Any) -> Any:
    """Make a value of a text, or of several.

    Raises:
        msgspec.ValidationError: they are none; an integer has 64 bits, and one spelling.
    """
    value = msgspec.convert(given, kind, strict=False)
    values, texts = ([*value], [*given]) if isinstance(value, COLLECTIONS) else ([value], [given])
    if isinstance(value, set | frozenset) and {*map(type, value)} == {int}:
        values = values[:1] * len(texts)  # equal ones are one: each text stands for an integer
    for text, one in zip(texts, values, strict=False):
        if type(one) is int and _FRACTION.match(text):
            raise msgspec.ValidationError("Expected `int`, got `str`")
    for one in value if isinstance(value, COLLECTIONS) else (value,):
        check_range(one)
    return value


def check_range(value: Any) -> None:
    """Let a value pass, unless it is an integer that no database takes.

    Raises:
        msgspec.ValidationError: it is.
    """
    if isinstance(value, int) and not INT64_MIN <= value <= INT64_MAX:
        bound = f"<= {INT64_MAX}" if value > 0 else f">= {INT64_MIN}"
        raise msgspec.ValidationError(f"Expected `int` {bound}")
