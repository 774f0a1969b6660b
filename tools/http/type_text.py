"""Types in the words of the code that declared them, with constraints: `str 1..100`, `list[User]`, `int | None`."""

import types
import typing
from typing import Annotated, Any

import msgspec

from tools.http.annotation import INT64_MAX, INT64_MIN

_BOUNDS = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}


def type_text(kind: Any) -> str:
    """Write a type in short.

    >>> type_text(Annotated[str, msgspec.Meta(min_length=1, max_length=100)])
    'str 1..100'
    >>> type_text(list[int] | None)
    'list[int] | None'
    """
    origin = typing.get_origin(kind)
    if origin is Annotated:
        inner, *extras = typing.get_args(kind)
        return " ".join(filter(None, [type_text(inner), *map(_meta, extras)]))
    if origin in (types.UnionType, typing.Union):
        return " | ".join(type_text(one) for one in typing.get_args(kind) if one is not msgspec.UnsetType)
    if origin is typing.Literal:
        return " | ".join(repr(one) for one in typing.get_args(kind))
    if origin is not None:
        arguments = ", ".join("..." if one is ... else type_text(one) for one in typing.get_args(kind))
        return f"{getattr(origin, '__name__', origin)}[{arguments}]"
    return "None" if kind is type(None) else getattr(kind, "__name__", str(kind))


def field_texts(kind: Any) -> dict[str, str]:
    """Write the fields of a Struct (or of the Structs of a list); `?` marks one that may be left out."""
    inner: Any = kind
    while typing.get_origin(inner) in (list, Annotated):
        inner = typing.get_args(inner)[0]
    if not (isinstance(inner, type) and issubclass(inner, msgspec.Struct)):
        return {}
    fields = msgspec.structs.fields(inner)
    return {field.encode_name + ("" if field.required else "?"): type_text(field.type) for field in fields}


def _meta(one: Any) -> str:
    if not isinstance(one, msgspec.Meta):
        return ""
    bounds = [(sign, getattr(one, name)) for name, sign in _BOUNDS.items()]
    texts = [f"{sign}{value}" for sign, value in bounds if value not in (None, INT64_MIN, INT64_MAX)]
    if one.min_length is not None or one.max_length is not None:
        low, high = ("" if value is None else value for value in (one.min_length, one.max_length))
        texts.append(f"{low}..{high}")
    if one.pattern is not None:
        texts.append(f"/{one.pattern}/")
    return " ".join(texts)
