"""Keeps the integers of a JSON body in 64 bits, where a database can take them; msgspec itself takes any."""

import re
from typing import Any

import msgspec

from tools.http.annotation import INT64_MAX, INT64_MIN

LONG_NUMBER = re.compile(rb"[0-9]{19}")
"""Without a match there is nothing to check: a request almost never pays for more than the search."""


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
