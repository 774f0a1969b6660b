"""What can be stored, as bytes, and what can be counted."""

from typing import Any

import msgspec

from tools.state.contract import NotIntegerError, UnstorableError

SMALLEST, LARGEST = -(2**63), 2**63 - 1


def encode(key: str, value: object) -> bytes:
    """Make bytes of a value.

    Raises:
        UnstorableError: it holds something that has no form.
    """
    try:
        return msgspec.msgpack.encode(value)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        reason = f"state cannot store the value of {key!r}, {error}"
        raise UnstorableError(f"{reason}: store text, numbers, lists and dicts") from error


def decode(encoded: bytes) -> Any:
    """Make the value again."""
    return msgspec.msgpack.decode(encoded)


def check_ttl(ttl: float | None) -> None:
    """Go on only with a time to live.

    Raises:
        ValueError: it is not above 0.
    """
    if ttl is not None and not ttl > 0:  # not `<=`: NaN is refused too
        raise ValueError(f"state got ttl={ttl!r}: give seconds above 0, or None for ever")


def check_step(key: str, by: object) -> None:
    """Go on only with what can be added to a counter.

    Raises:
        NotIntegerError: it is no integer.
        UnstorableError: it does not fit in 64 bits.
    """
    if type(by) is not int:  # not isinstance: True is an int
        raise NotIntegerError(f"state cannot add {by!r} to {key!r}: give an integer")
    if not SMALLEST <= by <= LARGEST:
        raise too_large(key)


def check_held(key: str, held: object) -> None:
    """Go on only if what a key holds can be added to.

    Raises:
        NotIntegerError: it is no integer.
    """
    if type(held) is not int:
        raise NotIntegerError(f"state cannot increment {key!r}, which holds a {type(held).__name__}: set it first")


def too_large(key: str) -> UnstorableError:
    """Make the error of a counter that would leave its bounds."""
    return UnstorableError(f"state cannot count {key!r} beyond {SMALLEST} to {LARGEST}: set it anew, or count less")
