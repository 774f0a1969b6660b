"""What kind of feature a task asks for, and what kind one is: `read`, `write`, `hear` or `timed`."""

import re

from manifest.feature import Feature

_TIMED = re.compile(r"\b(?:nightly|daily|hourly|weekly|monthly|every|remind|digest|after \w+ days)\b", re.IGNORECASE)
_HEARING = re.compile(r"^(?:when|on|after|once|whenever)\b|\bwhen\b", re.IGNORECASE)
_READING = re.compile(
    r"^(?:list|show|export|search|find|get|count|see|view|download|dashboard|report)\b", re.IGNORECASE
)


def asked_kind(task: str) -> str:
    """Guess what kind of feature a task asks for: `timed`, `hear`, `read` or `write`."""
    for kind, pattern in (("timed", _TIMED), ("hear", _HEARING), ("read", _READING)):
        if pattern.search(task.strip()):
            return kind
    return "write"


def kind_of(feature: Feature) -> str:
    """Tell what kind a feature is."""
    if endpoints := feature.of("endpoint"):
        return "read" if all(fact.data.get("method") == "GET" for fact in endpoints) else "write"
    return "timed" if feature.of("job") else "hear"
