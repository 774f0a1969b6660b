"""The one file that shows its reader how such a feature is written here."""

from collections.abc import Iterable, Mapping

from manifest.feature import Feature
from manifest.slicing.graph import Graph, Key, Thing
from manifest.slicing.kind import kind_of
from manifest.slicing.pieces import Piece

_SAME_KIND, _SAME_DOMAIN = 3.0, 2.5
_ANOTHER = 0.3  # of the worth of the best


def neighbour(graph: Graph, score: Mapping[Key, float], kind: str, domain: str) -> Feature | None:
    """Find the feature that is nearest to a task, one of the kind that is asked for and of its domain before others."""

    def worth(thing: Thing) -> tuple[float, str]:
        is_alike = isinstance(thing.what, Feature) and kind_of(thing.what) == kind
        bonus = (_SAME_KIND if is_alike else 1) * (_SAME_DOMAIN if thing.domain == domain else 1)
        return score[thing.key] * bonus, thing.key[1]

    best = max((one for one in graph.things.values() if one.key[0] == "plugin" and one.domain), key=worth, default=None)
    return best.what if best and isinstance(best.what, Feature) else None


def home(pieces: Iterable[Piece], kind: str) -> str:
    """Name the domain that a slice's pieces speak of most; a listener's is rather another than the event's own."""
    best: dict[str, dict[str, float]] = {}
    total: dict[str, float] = {}
    heard = ""
    for piece in pieces:
        kinds = best.setdefault(piece.domain, {})
        kinds[piece.kind] = max(kinds.get(piece.kind, 0.0), piece.value)
        total[piece.domain] = total.get(piece.domain, 0.0) + piece.value
        if kind == "hear" and piece.kind == "event":
            heard = heard or piece.domain  # of the one that has most to do with the task
    # beside the event's own domain, of which all speaks, another is seen by the best that it has
    worth = {domain: sum(kinds.values()) for domain, kinds in best.items()} if kind == "hear" else total
    ranked = sorted(worth, key=lambda domain: (-worth[domain], domain))
    others = [domain for domain in ranked if domain != heard and worth[domain] >= _ANOTHER * worth[ranked[0]]]
    return next(iter(others or ranked), "")
