"""What is said of a name that nobody knows."""

from collections.abc import Iterable
from difflib import get_close_matches

_NAMED = 30  # of 200 plugins, the names would fill a screen


def unknown(kind: str, name: str, known: Iterable[str]) -> str:
    """Say that there is no such thing, and which was meant.

    >>> unknown("domain", "user", ["orders", "users"])
    "manifest knows no domain 'user': did you mean 'users'? (there are: orders, users)"
    """
    names = sorted(known)
    advice = "".join(f"did you mean {near!r}?" for near in get_close_matches(name, names, n=1)) or "use one of these"
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"manifest knows no {kind} {name!r}: {advice} (there are: {', '.join(names[:_NAMED]) or 'none'}{more})"
