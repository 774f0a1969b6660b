"""What a parameter's annotation says: its mark, the type under it, and whether text can become that type."""

import types
import typing
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any
from uuid import UUID

import msgspec

from tools.http.contract import Body, Cookie, File, Form, Header, Query

SCALARS = (str, int, float, bool, date, datetime, time, timedelta, Decimal, UUID, Enum)
COLLECTIONS = (list, set, tuple, frozenset)
INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1
Mark = Header | Cookie | Query | Body | Form | File


def mark_of(annotation: Any) -> Mark | None:
    """Find `Header`, `Cookie`, `Query`, `Body`, `Form` or `File` in an `Annotated`."""
    extras = typing.get_args(annotation)[1:] if typing.get_origin(annotation) is Annotated else ()
    return next((one for one in extras if isinstance(one, Mark)), None)


def without_mark(annotation: Any) -> Any:
    """Leave what msgspec understands."""
    if mark_of(annotation) is None:
        return annotation
    kind, *extras = typing.get_args(annotation)
    rest = [one for one in extras if not isinstance(one, Mark)]
    return Annotated[(kind, *rest)] if rest else kind


def bare(annotation: Any) -> Any:
    """Strip `Annotated` and `| None`."""
    if typing.get_origin(annotation) is Annotated:
        return bare(typing.get_args(annotation)[0])
    if is_union(annotation):
        kinds = [one for one in typing.get_args(annotation) if one is not type(None)]
        return bare(kinds[0]) if len(kinds) == 1 else annotation
    return annotation


def is_union(annotation: Any) -> bool:
    """Whether it is `A | B`, in either spelling."""
    return typing.get_origin(annotation) in (types.UnionType, typing.Union)


def is_struct(annotation: Any) -> bool:
    """Whether a Struct, or a generic one with its arguments, is under it."""
    kind = bare(annotation)
    kind = typing.get_origin(kind) or kind
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def is_body(annotation: Any) -> bool:
    """Whether it is a Struct, or a union of some, of which the tag of a JSON body chooses one."""
    kind = bare(annotation)
    kinds = typing.get_args(kind) if is_union(kind) else (kind,)
    return all(one is type(None) or is_struct(one) for one in kinds)


def is_several(annotation: Any) -> bool:
    """Whether it takes every value of a name, not the last."""
    kind = bare(annotation)
    return (typing.get_origin(kind) or kind) in COLLECTIONS


def is_scalar(annotation: Any) -> bool:
    """Whether text, or a list of texts, can become it."""
    kind = bare(annotation)
    if typing.get_origin(kind) in COLLECTIONS:
        return all(is_scalar(one) for one in typing.get_args(kind) if one is not ...)
    if typing.get_origin(kind) is typing.Literal:
        return True
    return isinstance(kind, type) and issubclass(kind, SCALARS)


def bounded(annotation: Any) -> Any:
    """Keep integers in 64 bits, where a database can take them; bounds of the annotation's own stay."""
    if annotation is int:
        return Annotated[int, msgspec.Meta(ge=INT64_MIN, le=INT64_MAX)]
    arguments = typing.get_args(annotation)
    if typing.get_origin(annotation) is Annotated:
        kind, *extras = arguments
        return Annotated[(kind, *extras, *_missing_bounds(extras))] if kind is int else annotation
    if is_union(annotation):
        return typing.Union[tuple(map(bounded, arguments))]  # noqa: UP007 (made from a tuple)
    if typing.get_origin(annotation) in COLLECTIONS:
        return typing.get_origin(annotation)[tuple(map(bounded, arguments))]
    return annotation


def _missing_bounds(extras: Iterable[Any]) -> list[msgspec.Meta]:
    metas = [one for one in extras if isinstance(one, msgspec.Meta)]
    has_low = any(one.ge is not None or one.gt is not None for one in metas)
    has_high = any(one.le is not None or one.lt is not None for one in metas)
    low = [] if has_low else [msgspec.Meta(ge=INT64_MIN)]
    return low if has_high else [*low, msgspec.Meta(le=INT64_MAX)]
