"""Turns what is logged into plain JSON values without secrets, bounded in size; it raises for nothing."""

import math
import re
from collections.abc import Mapping

import msgspec

REDACTED = "[redacted]"
LONGEST_TEXT = 16_384
DEEPEST = 8
MOST_ITEMS = 1_000

_names = r"passw(?:or)?d|passphrase|secret|token|authorization|cookie|credential|api[_-]?key|private[_-]?key"
_secret_name = re.compile(_names, re.IGNORECASE)
# Bounded repeats: each pattern stays linear on hostile text.
_secrets = [
    (
        re.compile(r"(\b(?:proxy-)?authorization|\b(?:set-)?cookie)(['\"]?\s?[:=]\s?).+", re.IGNORECASE),
        rf"\1\2{REDACTED}",
    ),
    (re.compile(r"\b(bearer|basic)\s+[\w.~+/=-]{6,}", re.IGNORECASE), rf"\1 {REDACTED}"),
    (re.compile(r"\beyJ[\w-]{5,}(?:\.[\w-]*){1,4}"), REDACTED),
    (re.compile(r"((?<![\w+.-])[a-z][\w+.-]{1,30}://[^\s:/@]{0,256}:)[^\s]{1,256}@", re.IGNORECASE), rf"\1{REDACTED}@"),
    (
        re.compile(rf"((?:{_names})\w{{0,32}}['\"]?\s?[:=]\s?)(?:'[^']*'?|\"[^\"]*\"?|[^\s,;&'\"]+)", re.IGNORECASE),
        rf"\1{REDACTED}",
    ),
]


def is_secret(name: str) -> bool:
    """Say whether a field of this name is never written.

    >>> is_secret("new_password"), is_secret("X-API-Key"), is_secret("email")
    (True, True, False)
    """
    return _secret_name.search(name) is not None


def redacted(text: str) -> str:
    """Take the secrets out of a text, and cut it where it is too long.

    >>> redacted("GET postgres://ana:pass@word@host/db with Bearer abc.def-123")
    'GET postgres://ana:[redacted]@host/db with Bearer [redacted]'
    """
    if len(text) > LONGEST_TEXT:
        text = f"{text[:LONGEST_TEXT]}… ({len(text) - LONGEST_TEXT} more)"
    for pattern, stand_in in _secrets:
        text = pattern.sub(stand_in, text)
    return text


def plain(value: object, depth: int = 0) -> object:
    """Make JSON of anything: what has no other form becomes its `repr`."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return redacted(str(value))
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else repr(value)
    if isinstance(value, int):
        return int(value) if abs(value) < 2**64 else hex(value)  # decimal digits beyond 4,300 raise
    if depth == DEEPEST:
        return "…"
    if isinstance(value, Mapping):
        return _fields(value, depth)
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item, depth + 1) for item, _ in zip(value, range(MOST_ITEMS), strict=False)]
    return _other(value, depth)


def _fields(value: Mapping[object, object], depth: int) -> dict[str, object]:
    some = zip(value.items(), range(MOST_ITEMS), strict=False)
    return {
        (key := redacted(_text(name))): REDACTED if is_secret(key) else plain(item, depth + 1)
        for (name, item), _ in some
    }


def _other(value: object, depth: int) -> object:
    if isinstance(value, msgspec.Struct):
        return _fields({name: getattr(value, name, None) for name in value.__struct_fields__}, depth)
    return redacted(_text(value))


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    try:
        return repr(value)
    except Exception as error:
        return f"<{type(value).__name__} without a repr: {type(error).__name__}>"
