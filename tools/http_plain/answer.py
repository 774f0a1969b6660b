"""What an endpoint declares that it answers, and a value encoded as that and nothing more."""

import typing
from collections.abc import Callable
from typing import Any

import msgspec
from starlette.responses import Response

from tools.http_plain.annotation import is_union
from tools.http_plain.plan import EMPTY

encode: Callable[[Any], bytes] = msgspec.json.Encoder(decimal_format="string").encode


def answer_type(declared: Any) -> Any:
    """Leave what is encoded: None for anything goes; a Response writes itself."""
    if is_union(declared):
        kinds = [one for one in typing.get_args(declared) if not _is_response(one)]
        return typing.Union[tuple(kinds)] if kinds else None  # noqa: UP007 (made from a tuple)
    if declared is None:
        return type(None)
    return None if declared in (EMPTY, Any, object) or _is_response(declared) else declared


def _is_response(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Response)


def encoded(value: Any, kind: Any) -> bytes:
    """Encode what was declared, and nothing more: a subclass's fields do not survive the way through JSON."""
    if kind is None:
        return encode(value)
    return encode(msgspec.json.decode(encode(msgspec.convert(value, kind, from_attributes=True)), type=kind))
