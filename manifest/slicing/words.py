"""Words made comparable: of a task in its maintainer's own language, and of names, paths and summaries."""

import re
from collections.abc import Iterable, Mapping

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")
_IDLE_WORDS = """a an and any are as at all be been before by can do each for from has have her his how i if in into is
it its let may more new no not of off on one only or our out over per so some somebody that the their them then there
they this to two up us was we what when where which who whose will with you your"""
_IDLE = frozenset(_IDLE_WORDS.split())
_PLURAL = re.compile(r"(?<=[sxh])es$|(?<=[^su])s$")
_ENDING = re.compile(r"(?:ation|ment|ing|ed|al|ly)$")
_LAST = re.compile(r"(?:ie|[eiy])$")
_SHORTEST_STEM = 3

# what people say, and what features and tables call it
_MEANINGS = {
    "user": "customer account person member buyer everybody",
    "image": "picture photo",
    "message": "email notify tell inform remind digest",
    "overdue": "unpaid",
    "dispatch": "ship sent",
    "stock": "inventory",
    "refund": "reimburse",
    "check": "checkout",
    "sale": "revenue",
    "move": "transfer",
}
# what people say, and what tools call it
_TOOL_WORDS = {
    "scheduler": "schedule nightly daily hourly weekly monthly every later remind reminder digest days",
    "state": "limit limits throttle often attempts cache counter quota",
    "stream": "export csv download dump",
    "upload": "picture photo image file attachment avatar",
    "websocket": "chat realtime",
    "sse": "live realtime",
    "secret": "invite invitation token reset",
    "password": "login register",
    "config": "setting configurable",
}
_MEANT = 0.5  # another word for it, of the word itself


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
    """Weigh what a task asks for: its own words at 1, what features and tables call the same at less."""
    return {**{stem(name): _MEANT for name in _meant(task, _MEANINGS)}, **dict.fromkeys(stems(task), 1.0)}


def asked_of_tools(task: str) -> dict[str, float]:
    """Weigh what a task asks of tools: what they call it at 1, its own words, which rarely speak of tools, at less."""
    return {**dict.fromkeys(stems(task), _MEANT), **{stem(name): 1.0 for name in _meant(task, _TOOL_WORDS)}}


def _meant(task: str, meanings: Mapping[str, str]) -> list[str]:
    said = {word.lower() for word in _WORD.findall(task)}
    return [name for name, words in meanings.items() if said & {name, *words.split()}]


def share(asked: Mapping[str, float], of: Iterable[str]) -> float:
    """Tell how much of a name is asked for, 0 to 1."""
    names = [*of]
    return sum(asked.get(one, 0.0) for one in names) / len(names) if names else 0.0
