"""The `Range` of a request (RFC 9110 section 14), made plain for Starlette, which answers what is left of it."""

import re

from tools.http.problem import Problem

MAX_RANGES = 100
_SPEC = re.compile(r"([0-9]*)-([0-9]*)")
_HUGE = 10**18


def satisfiable(header: str, size_bytes: int) -> str | None:
    """Answer with the ranges that lie in the file; None is the whole of it, since there is no range to understand.

    >>> satisfiable("bytes=0-4, 90-99, -2", 10), satisfiable("lines=1-2", 10), satisfiable("bytes=4-1", 10)
    ('bytes=0-4,8-9', None, None)

    Raises:
        Problem: 416, not one of them does.
    """
    unit, _, specs = header.partition("=")
    parts = [part.strip(" \t") for part in specs.split(",") if part.strip(" \t")]
    if unit.strip().lower() != "bytes" or not 0 < len(parts) <= MAX_RANGES or size_bytes == 0:
        return None
    ranges = [_range(part, size_bytes) for part in parts]
    if None in ranges:
        return None
    inside = [f"{one[0]}-{one[1]}" for one in ranges if one and one[0] < size_bytes]
    if not inside:
        headers = [(b"content-range", b"bytes */%d" % size_bytes)]
        raise Problem(416, f"there are {size_bytes} bytes", headers=headers)
    return f"bytes={','.join(inside)}"


def _range(part: str, size_bytes: int) -> tuple[int, int] | None:
    match = _SPEC.fullmatch(part)
    if match is None or part == "-":
        return None
    first, last = match[1], match[2]
    if not first:
        return max(size_bytes - _number(last), 0), size_bytes - 1
    start, end = _number(first), _number(last) if last else _HUGE
    return None if start > end else (start, min(end, size_bytes - 1))


def _number(digits: str) -> int:
    return int(digits) if len(digits) <= 18 else _HUGE
