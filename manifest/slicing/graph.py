"""What a slice is chosen from: features, tables and events, with what is said of each and what is one step away."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from hookspecs import Fact, System
from manifest.feature import Feature, domain_names, domain_of, features, in_order
from manifest.outgoing import DYNAMIC
from manifest.slicing.source_use import SourceUse, source_use
from manifest.slicing.words import stem, stems

Key = tuple[str, str]  # kind and name
_TO_PARENT, _TO_CHILD = 2.0, 0.5  # a row cannot be written without the one that it points at


class Event(NamedTuple):
    """An event or a request: the sender's fields, or what a listener reads where no sender is known."""

    name: str
    fields: Mapping[str, str]
    senders: tuple[str, ...]
    hearers: tuple[str, ...]


class Thing(NamedTuple):
    """A node: `names` are the stems of what it is called, `said` of all that is said about it."""

    key: Key
    domain: str
    what: Feature | Fact | Event
    names: frozenset[str]
    said: frozenset[str]


class Graph(NamedTuple):
    """All nodes, how much each gets from those next to it, and what each plugin's source uses."""

    things: Mapping[Key, Thing]
    near: Mapping[Key, Mapping[Key, float]]
    uses: Mapping[str, SourceUse]


def read_graph(system: System, root: Path) -> Graph:
    """Read it from the facts, and from the plugins' source."""
    everyone, domains = features(system, root), domain_names(system)
    tables = {fact.name: fact for fact in in_order(system) if fact.kind == "table"}
    uses = {one.part.name: source_use(one.part, root, tables) for one in everyone}
    things = [_table(fact, domain_of(fact.owner, domains)) for fact in tables.values()]
    things += [_event(event, domains) for event in events(everyone)]
    things += [_feature(one, domain_of(one.part.name, domains)) for one in everyone]
    known = {thing.key: thing for thing in things}
    near: dict[Key, dict[Key, float]] = {key: {} for key in known}
    for one, other, there, back in _edges(known, uses):
        if other in known:
            near[one][other] = max(back, near[one].get(other, 0.0))
            near[other][one] = max(there, near[other].get(one, 0.0))
    return Graph(known, near, uses)


def events(everyone: Iterable[Feature]) -> list[Event]:
    """List events and requests by name, with who sends and who hears them."""
    fields: dict[str, dict[str, str]] = {}
    senders: dict[str, set[str]] = {}
    hearers: dict[str, set[str]] = {}
    for one in everyone:
        for sent in one.sends:
            if sent.event != DYNAMIC:
                senders.setdefault(sent.event, set()).add(one.part.name)
                fields.setdefault(sent.event, {}).update(sent.fields)
    for one in everyone:
        for fact in one.of("subscription", "responder"):
            hearers.setdefault(fact.name, set()).add(one.part.name)
            if not fields.get(fact.name):
                fields[fact.name] = dict(fact.data.get("payload") or {})
    return [Event(name, fields[name], tuple(sorted(senders.get(name, ()))), tuple(sorted(hearers.get(name, ()))))
            for name in sorted(fields)]  # fmt: skip


def _table(fact: Fact, domain: str) -> Thing:
    columns = [column["name"] for column in fact.data.get("columns", ())]
    names = frozenset(stems(fact.name))
    return Thing(("table", fact.name), domain, fact, names, frozenset([*stems(" ".join(columns)), *stems(domain)]))


def _event(event: Event, domains: Iterable[str]) -> Thing:
    owners = [domain_of(name, [*domains]) for name in event.senders or event.hearers]
    names = frozenset(stems(event.name))
    said = frozenset([*stems(" ".join(event.fields)), *stems(" ".join(owners))])
    return Thing(("event", event.name), owners[0] if owners else "", event, names, said)


def _feature(one: Feature, domain: str) -> Thing:
    endpoints = one.of("endpoint")
    said = [one.part.summary, domain, *(fact.name for fact in one.facts), *(sent.event for sent in one.sends)]
    said += [str(fact.data.get(shape) or "") for fact in endpoints for shape in ("body", "answer")]
    names = frozenset(stems(one.part.name.partition(".")[2]))
    return Thing(("plugin", one.part.name), domain, one, names, frozenset(stems(" ".join(said))))


def _edges(known: Mapping[Key, Thing], uses: Mapping[str, SourceUse]) -> Iterable[tuple[Key, Key, float, float]]:
    singular = {
        next(iter(thing.names)): key for key, thing in known.items() if key[0] == "table" and len(thing.names) == 1
    }
    for key, thing in known.items():
        if isinstance(thing.what, Event):
            yield from ((key, ("plugin", name), 1.0, 1.0) for name in (*thing.what.senders, *thing.what.hearers))
        elif isinstance(thing.what, Feature):
            yield from ((key, ("table", name), 1.0, 1.0) for name in sorted(uses[key[1]].tables))
        else:
            yield from (
                (key, ("table", one["table"]), _TO_PARENT, _TO_CHILD) for one in thing.what.data.get("foreign_keys", ())
            )
            for column in thing.what.data.get("columns", ()):
                # another domain's rows are pointed at by name only: `order_id`
                parent = singular.get(stem(column["name"].removesuffix("_id")), key)
                if column["name"].endswith("_id") and parent != key:
                    yield key, parent, 0.5, 0.5
