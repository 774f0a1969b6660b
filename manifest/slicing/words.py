"""Words made comparable: of a task in its maintainer's own language, and of names, paths and summaries."""

import re
from collections.abc import Iterable

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")
_IDLE = frozenset(
    "a an and any are as at all be been before by can do each for from has have her his how i if in into is it its let"
    " may more new no not of off on one only or our out over per so some somebody that the their them then there they"
    " this to two up us was we what when where which who whose will with you your".split()
)
_PLURAL = re.compile(r"(?<=[sxh])es$|(?<=[^su])s$")
_ENDING = re.compile(r"(?:ation|ment|ing|ed|al|ly)$")
_LAST = re.compile(r"(?:ie|[eiy])$")
_SHORTEST_STEM = 3

# what people say, and what features, tables and tools call it
_MEANINGS = {
    "schedule": "nightly daily hourly weekly monthly every later after remind reminder digest overdue deadline days",
    "state": "limit throttle often attempts cache counter quota",
    "stream": "export csv download dump",
    "upload": "picture photo image file attachment avatar",
    "socket": "websocket chat realtime",
    "sse": "live realtime",
    "secret": "invite token password reset",
    "password": "login register",
    "user": "customer account person member buyer everybody",
    "image": "picture photo",
    "message": "email notify tell inform remind digest",
    "unpaid": "overdue",
    "overdue": "unpaid",
    "dispatch": "ship sent",
    "stock": "inventory",
    "refund": "reimburse",
    "check": "checkout",
    "sale": "revenue dashboard",
    "open": "opens",
}  # fmt: skip


def stem(word: str) -> str:
    """Cut a word down to what its forms share.

    >>> [stem(word) for word in ("orders", "ordered", "categories", "shipment", "shipping", "is")]
    ['order', 'order', 'categor', 'ship', 'ship', 'is']
    """
    word = word.lower()
    for ending in (_PLURAL, _ENDING, _LAST):
        shorter = ending.sub("", word)
        word = shorter if len(shorter) >= _SHORTEST_STEM else word
    return word[:-1] if len(word) > _SHORTEST_STEM and word[-1] == word[-2] else word


def stems(text: str) -> list[str]:
    """List the stems of a text's words, of `snake_case` and `CamelCase` too, in order.

    >>> stems("POST /orders/{id}/cancel: let a customer cancel OrderLine")
    ['post', 'order', 'id', 'cancel', 'customer', 'cancel', 'order', 'lin']
    """
    return [stem(word) for word in _WORD.findall(text) if word.lower() not in _IDLE]


def asked(task: str) -> dict[str, float]:
    """Weigh what a task asks for: its own words at 1, what others call the same at less."""
    said = [word.lower() for word in _WORD.findall(task)]
    own = dict.fromkeys(stems(task), 1.0)
    for name, words in _MEANINGS.items():
        if any(word in words.split() for word in said):
            own.setdefault(stem(name), 0.6)
    return own


def share(asked: dict[str, float], of: Iterable[str]) -> float:
    """Tell how much of a name is asked for, 0 to 1."""
    names = [*of]
    return sum(asked.get(one, 0.0) for one in names) / len(names) if names else 0.0
