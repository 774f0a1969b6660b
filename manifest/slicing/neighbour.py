"""The one file that shows its reader how such a feature is written here."""

import re
from collections.abc import Mapping, Sequence

from manifest.feature import Feature
from manifest.slicing.graph import Graph, Key

_TIMED = re.compile(r"\b(?:nightly|daily|hourly|weekly|monthly|every|remind|digest|after \w+ days)\b", re.IGNORECASE)
_HEARING = re.compile(r"^(?:when|on|after|once|whenever)\b|\bwhen\b", re.IGNORECASE)
_READING = re.compile(r"^(?:list|show|export|search|find|get|count|see|view|download|dashboard|report)\b", re.IGNORECASE)
_SAME_KIND = 2.0


def neighbour(graph: Graph, score: Mapping[Key, float], task: str) -> Feature | None:
    """Find the feature that is nearest to a task, one of the same kind (read, write, listener, timed) before others."""
    wanted = _asked_kind(task)
    features: Sequence[Feature] = [one.what for one in graph.things.values() if isinstance(one.what, Feature)]
    own = [one for one in features if one.part.file.startswith("domains/")]
    return max(own, key=lambda one: (score["plugin", one.part.name] * (_SAME_KIND if _kind(one) == wanted else 1),
                                     one.part.name), default=None)  # fmt: skip


def _asked_kind(task: str) -> str:
    for kind, pattern in (("timed", _TIMED), ("hear", _HEARING), ("read", _READING)):
        if pattern.search(task.strip()):
            return kind
    return "write"


def _kind(feature: Feature) -> str:
    if endpoints := feature.of("endpoint"):
        return "read" if all(fact.data.get("method") == "GET" for fact in endpoints) else "write"
    return "timed" if feature.of("job") else "hear"
