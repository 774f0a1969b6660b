"""Checks, compiled from a declared type, that a value is of this type and nothing more, however deep.

msgspec encodes a Struct by what it is, not by what was declared: a subclass in a field would bring its fields along.
Inside an object only what may hold another object is looked at: the rest is the author's own constructor's business.
"""

import typing
from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from msgspec import Struct, inspect

Check = Callable[[Any], bool]
Kinds = frozenset[type[Any]]
_Object = inspect.StructType | inspect.DataclassType | inspect.NamedTupleType
_CLASSES: dict[type, type[Any]] = {
    inspect.NoneType: type(None), inspect.BoolType: bool, inspect.IntType: int, inspect.FloatType: float,
    inspect.StrType: str, inspect.BytesType: bytes, inspect.DateTimeType: datetime, inspect.DateType: date,
    inspect.TimeType: time, inspect.TimeDeltaType: timedelta, inspect.UUIDType: UUID, inspect.DecimalType: Decimal,
    inspect.ListType: list, inspect.SetType: set, inspect.FrozenSetType: frozenset, inspect.VarTupleType: tuple,
}  # fmt: skip
_PLAIN = {one for kind in (str, int, float, bool, bytes, datetime, date, UUID, Decimal) for one in (kind, kind | None)}


class Shallow(NamedTuple):
    """A type of which the classes of a value and of its items tell all: no check has to be called for it.

    A key of a JSON object is text, whatever it was: where text is declared, there is nothing to look at.
    """

    form: str = ""
    """`struct`, `list` or `dict`; empty for a type that takes a closer look."""
    items: Kinds = frozenset()


def shallow(kind: Any) -> Shallow:
    """Tell what there is to compare.

    >>> shallow(dict[str, int | None]).items == {int, type(None)}, shallow(list[list[int]]).form
    (True, '')
    """
    if _is_flat_struct(kind):
        return Shallow("struct")
    origin, kinds = typing.get_origin(kind), typing.get_args(kind)
    items = _kinds(kinds[-1]) if origin is list or (origin is dict and kinds[0] is str) else None
    return Shallow(origin.__name__, items) if origin and items else Shallow()


def _kinds(kind: Any) -> Kinds:
    if _are_plain([kind]):
        return frozenset(typing.get_args(kind) or (kind,))
    return frozenset({kind}) if _is_flat_struct(kind) else frozenset()


def _is_flat_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Struct) and is_flat(kind)


def exact(kind: Any) -> Check:
    """Compile the check for a type; what it does not vouch for has to be converted."""
    return _check(inspect.type_info(kind), {})


def _are_plain(kinds: Iterable[Any]) -> bool:
    try:
        return _PLAIN.issuperset(kinds)
    except TypeError:  # what stands in an Annotated may have no hash
        return False


def is_flat(kind: Any) -> bool:
    """Whether no field of an object's class, or of a generic one such as `Page[Order]`, may hold another object."""
    is_own = isinstance(kind, type) and kind.__mro__[1] is Struct  # at a twentieth of what msgspec takes to look
    if is_own and _are_plain(kind.__annotations__.values()):
        return True
    info = inspect.type_info(kind)
    return isinstance(info, _Object) and not any(_may_hold_object(field.type) for field in info.fields)


def _check(info: inspect.Type, known: dict[Any, Check]) -> Check:
    if isinstance(info, inspect.Metadata):
        return _check(info.type, known)
    if isinstance(info, inspect.AnyType | inspect.RawType):
        return lambda value: True
    if isinstance(info, _Object):
        return known.get(info.cls) or _object_check(info, known)
    if isinstance(info, inspect.UnionType):
        return _union_check([_check(one, known) for one in info.types])
    if isinstance(info, inspect.ListType | inspect.SetType | inspect.FrozenSetType | inspect.VarTupleType):
        item = info.item_type
        if isinstance(item, inspect.StructType) and is_flat(item.cls):
            return _rows_check(_CLASSES[type(info)], typing.get_origin(item.cls) or item.cls)
        return _collection_check(_CLASSES[type(info)], _check(item, known))
    if isinstance(info, inspect.DictType):
        return _dict_check(_check(info.key_type, known), _check(info.value_type, known))
    cls = info.cls if isinstance(info, inspect.EnumType) else _CLASSES.get(type(info))
    return (lambda value: False) if cls is None else lambda value: type(value) is cls


def _object_check(info: _Object, known: dict[Any, Check]) -> Check:
    cls = typing.get_origin(info.cls) or info.cls
    holders: list[tuple[str, Check]] = []

    def is_flat(value: Any) -> bool:
        return type(value) is cls

    def is_exact(value: Any) -> bool:
        return type(value) is cls and all(check(getattr(value, name)) for name, check in holders)

    known[info.cls] = is_exact  # before its fields: one of them may be of this type again
    holders += [(field.name, _check(field.type, known)) for field in info.fields if _may_hold_object(field.type)]
    return is_exact if holders else is_flat


def _may_hold_object(info: inspect.Type) -> bool:
    if isinstance(info, inspect.AnyType | inspect.RawType | inspect.EnumType | inspect.LiteralType):
        return False
    if isinstance(info, inspect.UnionType):
        return any(map(_may_hold_object, info.types))
    if isinstance(info, inspect.ListType | inspect.SetType | inspect.FrozenSetType | inspect.VarTupleType):
        return _may_hold_object(info.item_type)
    if isinstance(info, inspect.DictType):
        return _may_hold_object(info.key_type) or _may_hold_object(info.value_type)
    return type(info) not in _CLASSES


def _union_check(checks: list[Check]) -> Check:
    return lambda value: any(check(value) for check in checks)


def _collection_check(cls: type[Any], of_item: Check) -> Check:
    return lambda value: type(value) is cls and all(map(of_item, value))


def _rows_check(cls: type[Any], row: type[Any]) -> Check:
    """The same for objects that hold no others, the commonest long answer: in C, without a call for each."""
    only = {row}
    return lambda value: type(value) is cls and only.issuperset(map(type, value))


def _dict_check(of_key: Check, of_value: Check) -> Check:
    return lambda value: type(value) is dict and all(map(of_key, value)) and all(map(of_value, value.values()))
