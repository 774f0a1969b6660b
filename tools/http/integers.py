"""Keeps integers in 64 bits, where a database can take them, and in one spelling; msgspec itself takes any."""

import re
from typing import Any

import msgspec
import msgspec.inspect

from tools.http.annotation import INT64_MAX, INT64_MIN

FRACTION = re.compile(r"-?[0-9]+[.eE]")
"""How a number starts that msgspec takes for an integer where its fraction is zero."""
LONG_NUMBER = re.compile(rb"[0-9]{19}")
"""Without a match there is nothing to check: a request almost never pays for more than the search."""


def may_be_long(info: msgspec.inspect.Type) -> bool:
    """Whether an integer without both bounds can be in a value of this type, so that `check_integers` has work to do.

    >>> [may_be_long(msgspec.inspect.type_info(kind)) for kind in (list[int], dict[str, str])]
    [True, False]
    """
    return _may_be_long(info, set())


def _may_be_long(info: Any, seen: set[Any]) -> bool:
    if isinstance(info, msgspec.inspect.IntType):
        return (info.ge is None and info.gt is None) or (info.le is None and info.lt is None)
    if isinstance(info, msgspec.inspect.AnyType | msgspec.inspect.RawType | msgspec.inspect.CustomType):
        return True
    cls = getattr(info, "cls", None)
    if cls is not None and cls in seen:
        return False  # it has been looked at
    seen.add(cls)
    inner = [getattr(info, name, None) for name in ("type", "item_type", "key_type", "value_type")]
    inner += [field.type for field in getattr(info, "fields", ())]
    inner += [*getattr(info, "types", ()), *(getattr(info, "item_types", ()))]
    return any(_may_be_long(one, seen) for one in inner if one is not None)


def check_integers(value: Any, path: str = "$") -> None:
    """Let a decoded value pass.

    Raises:
        msgspec.ValidationError: an integer is outside, with the path to it.

    >>> check_integers({"a": [1, 2**64]})
    Traceback (most recent call last):
    msgspec.ValidationError: Expected an `int` of 64 bits - at `$.a[1]`
    """
    if isinstance(value, int) and not INT64_MIN <= value <= INT64_MAX:
        raise msgspec.ValidationError(f"Expected an `int` of 64 bits - at `{path}`")
    if isinstance(value, dict):
        for key, one in value.items():
            check_integers(one, f"{path}.{key}")
    if isinstance(value, list):
        for index, one in enumerate(value):
            check_integers(one, f"{path}[{index}]")


def check_spelling(text: Any, value: Any) -> None:
    """Let a value pass that was a text, or a collection of them, unless an integer in it was written as `1.0` or `1e0`.

    Raises:
        msgspec.ValidationError: it was.

    >>> check_spelling(["1", "1.5"], (1, 1.5))
    >>> check_spelling("1e0", 1)
    Traceback (most recent call last):
    msgspec.ValidationError: Expected `int`, got `str`
    """
    if type(value) is int:
        if FRACTION.match(text):
            raise msgspec.ValidationError("Expected `int`, got `str`")
    elif isinstance(value, list | tuple):
        for one_text, one in zip(text, value, strict=True):
            check_spelling(one_text, one)
    elif isinstance(value, set | frozenset) and {int} <= {*map(type, value)} <= {int, type(None)}:
        check_spelling(text, [0] * len(text))
