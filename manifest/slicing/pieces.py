"""Pieces of a slice: a line each, with what they are worth."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from hookspecs import Fact
from manifest.feature import Feature
from manifest.plain_text import plain
from manifest.slicing.graph import Event, Graph, Key, Thing
from manifest.table_line import table_line

# of a kind's best: how fast others give way, to all that the slice holds besides
_WEIGHTS = {"table": 1.0, "event": 0.7, "plugin": 0.8}
_LEAST = 0.1  # of the best of its kind: less has nothing to do with the task
_MOST = {"table": 6, "event": 8, "plugin": 14}


class Piece(NamedTuple):
    """A line, where it stands, and its worth in comparison with all others."""

    kind: str
    name: str
    domain: str
    text: str
    value: float


def pieces(graph: Graph, score: Mapping[Key, float]) -> Iterator[Piece]:
    """Yield what has to do with the task, of each kind the best first."""
    for kind, weight in _WEIGHTS.items():
        ranked = sorted((thing for thing in graph.things.values() if thing.key[0] == kind),
                        key=lambda thing: (-score[thing.key], thing.key))  # fmt: skip
        best = score[ranked[0].key] if ranked else 0.0
        for thing in ranked[: _MOST[kind]]:
            if best and score[thing.key] >= _LEAST * best:
                yield Piece(kind, thing.key[1], thing.domain, _text(thing), weight * score[thing.key] / best)


def _text(thing: Thing) -> str:
    match thing.what:
        case Event():
            return _event(thing.what)
        case Fact():
            return f"- {table_line(thing.what)}"
        case Feature():
            return _plugin(thing.what)


def _event(event: Event) -> str:
    fields = ", ".join(f"{name}: {kind}" if kind else name for name, kind in event.fields.items())
    ways = [f"{way} {', '.join(_short(names))}" for way, names in (("from", event.senders), ("to", event.hearers)) if names]
    return f"- {plain(event.name)} {{{plain(fields, 400)}}} {plain('; '.join(ways), 300)}".rstrip()


def _short(names: tuple[str, ...]) -> list[str]:
    """Name at most three."""
    return [*names[:3], *([f"{len(names) - 3} more"] if len(names) > 3 else [])]  # noqa: PLR2004


def _plugin(feature: Feature) -> str:
    served = [_endpoint(fact) for fact in feature.of("endpoint")]
    sent = [f"{'out' if one.call == 'publish' else 'requests'} {one.event}" for one in feature.sends]
    heard = [f"{'in' if fact.kind == 'subscription' else 'replies'} {fact.name}" for fact in feature.of("subscription", "responder")]
    told = [plain(text, 200) for text in (*served, *heard, *dict.fromkeys(sent))]
    return f"- {plain(feature.part.name)}: {'; '.join(told) or plain(feature.part.summary, 80)}"


def _endpoint(fact: Fact) -> str:
    data = fact.data
    body, answer = data.get("body"), data.get("answer")
    taken = f" ({body})" if body else ""
    return f"{fact.name} {data.get('guard', '')}{taken}" + (f" -> {answer}" if answer not in (None, "", "None") else "")
