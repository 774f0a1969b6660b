"""Pieces of a slice: a line each, with what they are worth."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from hookspecs import Fact
from manifest.feature import Feature
from manifest.plain_text import plain
from manifest.slicing.graph import Event, Graph, Key, Thing
from manifest.slicing.kind import kind_of
from manifest.table_line import table_line

# of a kind's best: how fast others give way, to all that the slice holds besides
_WEIGHTS = {"table": 1.0, "event": 0.8, "plugin": 0.9}
_LEAST = 0.1  # of the best of its kind: less has nothing to do with the task
_MOST = {"table": 6, "event": 8, "plugin": 14}


_OF_KIND = {"timed": 0.4, "hear": 0.75}  # these are seldom asked for beside another kind
_PRIVATE, _SAME_KIND, _AT_HOME = 0.4, 1.2, 1.5
_TOLD = ("endpoint", "subscription", "responder", "event", "setting", "job")  # `event` says again what is subscribed to
_MODEL = re.compile(r"\b(?!Page\b|None\b)[A-Z]\w+")


class Piece(NamedTuple):
    """A line, where it stands, and its worth in comparison with all others."""

    kind: str
    name: str
    domain: str
    text: str
    value: float


def pieces(graph: Graph, score: Mapping[Key, float], kind: str, home: str = "") -> Iterator[Piece]:
    """Yield what has to do with the task, of each kind the best first.

    Args:
        graph: what stands.
        score: what each has to do with the task.
        kind: that of the feature to be written.
        home: its domain; empty where that is not known yet.
    """
    for what, weight in _WEIGHTS.items():
        worth = {key: score[key] * _bonus(thing, kind, home) for key, thing in graph.things.items() if key[0] == what}
        best = max(worth.values(), default=0.0)
        for key in sorted(worth, key=lambda key: (-worth[key], key))[: _MOST[what]]:
            if best and worth[key] >= _LEAST * best:
                thing = graph.things[key]
                yield Piece(what, key[1], thing.domain, _text(graph, thing), weight * worth[key] / best)


def _bonus(thing: Thing, kind: str, home: str) -> float:
    near = _AT_HOME if thing.domain == home and thing.key[0] != "table" else 1.0
    match thing.what:
        case Event(senders=senders, hearers=hearers) if len({*senders, *hearers}) == 1 and hearers:
            return near * _PRIVATE
        case Feature():
            its = kind_of(thing.what)
            return near * (_SAME_KIND if its == kind else _OF_KIND.get(its, 1.0))
    return near


def _text(graph: Graph, thing: Thing) -> str:
    match thing.what:
        case Event():
            return _event(thing.what)
        case Fact():
            return f"- {_table(thing.what, _models(graph, thing))}"
        case Feature():
            tables = [graph.things[key] for key in graph.near[thing.key] if key[0] == "table"]
            return _plugin(thing.what, {name for table in tables for name in _models(graph, table)})


def _models(graph: Graph, table: Thing) -> list[str]:
    """List the Structs that the features of a table's domain take and answer for it, as `models.py` names them."""
    near = [graph.things[key] for key in sorted(graph.near[table.key]) if graph.things[key].domain == table.domain]
    endpoints = [fact for one in near if isinstance(one.what, Feature) for fact in one.what.of("endpoint")]
    shapes = [(str(fact.data.get(shape) or ""), {*(fact.data.get(f"{shape}_fields") or ())})
              for fact in endpoints for shape in ("answer", "body")]  # fmt: skip
    columns = (
        {column["name"] for column in table.what.data.get("columns", ())} if isinstance(table.what, Fact) else set()
    )
    return list(
        dict.fromkeys(name for shape, fields in shapes if _is_row(fields, columns) for name in _MODEL.findall(shape))
    )


def _is_row(fields: Collection[str], columns: Collection[str]) -> bool:
    """Tell whether a Struct is about a table's rows: most of its fields are columns; of a page's, none are known."""
    shared = [field for field in fields if field.removesuffix("?") in columns]
    return not fields or len(shared) * 2 > len(fields)


def _table(fact: Fact, models: Sequence[str]) -> str:
    shapes = f" ({plain(', '.join(models))})" if models else ""
    name, columns = table_line(fact).replace("CURRENT_TIMESTAMP", "now").split(": ", 1)
    return f"{name}{shapes}: {columns}"


def _event(event: Event) -> str:
    ways = [f"{way} {', '.join(_domains(names))}"
            for way, names in (("from", event.senders), ("to", event.hearers)) if names]  # fmt: skip
    return f"- {plain(event.name)} {{{plain(_fields(event.fields), 400)}}} {plain('; '.join(ways), 300)}".rstrip()


def _fields(fields: Mapping[str, str]) -> str:
    """Name a type once for all that have it in a row: `id, user_id: int, email: str`."""
    runs = [(kind, [name for name, _ in run]) for kind, run in groupby(fields.items(), key=lambda field: field[1])]
    return ", ".join(", ".join(names) + (f": {kind}" if kind else "") for kind, names in runs)


def _domains(plugins: Iterable[str]) -> list[str]:
    return sorted({name.partition(".")[0] for name in plugins})


def _plugin(feature: Feature, shown: Collection[str]) -> str:
    """A line; what it takes and answers only where that is not `shown` with a table."""
    served = [_endpoint(fact, shown) for fact in feature.of("endpoint")]
    sent = [f"{'out' if one.call == 'publish' else 'requests'} {one.event}" for one in feature.sends]
    heard = [f"{'in' if fact.kind == 'subscription' else 'replies'} {fact.name}"
             for fact in feature.of("subscription", "responder")]  # fmt: skip
    others = [f"{fact.kind} {fact.name}" for fact in feature.facts if fact.kind not in _TOLD]
    told = [plain(text, 200) for text in (*served, *heard, *dict.fromkeys(sent), *others)]
    return f"- {plain(feature.part.name)}: {'; '.join(told) or plain(feature.part.summary, 80)}".removesuffix(": ")


def _endpoint(fact: Fact, shown: Collection[str]) -> str:
    body, answer = (str(fact.data.get(shape) or "") for shape in ("body", "answer"))
    taken = "" if not body or {*_MODEL.findall(body)} <= {*shown} else f"({body})"
    given = "" if {*_MODEL.findall(answer)} <= {*shown} else f" -> {answer}"
    return f"{fact.name}{taken}{given} {fact.data.get('guard', '')}".rstrip()
