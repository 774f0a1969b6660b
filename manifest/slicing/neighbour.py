"""The one file that shows its reader how such a feature is written here."""

from collections.abc import Iterable, Mapping

from manifest.feature import Feature
from manifest.slicing.graph import Graph, Key, Thing
from manifest.slicing.kind import asked_kind, kind_of
from manifest.slicing.pieces import Piece

_SAME_KIND, _SAME_DOMAIN = 2.0, 2.5


def neighbour(graph: Graph, score: Mapping[Key, float], task: str, domain: str) -> Feature | None:
    """Find the feature that is nearest to a task, one of the same kind and of its domain before others."""
    wanted = asked_kind(task)

    def worth(thing: Thing) -> tuple[float, str]:
        is_alike = isinstance(thing.what, Feature) and kind_of(thing.what) == wanted
        bonus = (_SAME_KIND if is_alike else 1) * (_SAME_DOMAIN if thing.domain == domain else 1)
        return score[thing.key] * bonus, thing.key[1]

    best = max((one for one in graph.things.values() if one.key[0] == "plugin" and one.domain), key=worth, default=None)
    return best.what if best and isinstance(best.what, Feature) else None


def home(pieces: Iterable[Piece]) -> str:
    """Name the domain that a slice's pieces speak of most; of equals the first."""
    worth: dict[str, float] = {}
    for piece in pieces:
        worth[piece.domain] = worth.get(piece.domain, 0.0) + piece.value
    return min(worth, key=lambda domain: (-worth[domain], domain), default="")
