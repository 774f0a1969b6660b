"""`python -m manifest events`: who publishes what, who hears it, and what carries it."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from hookspecs import System
from manifest.feature import Feature, features, in_order
from manifest.outgoing import DYNAMIC
from manifest.plain_text import plain

# how an event is sent, what is registered for it, and how the page says so
_CALLS = (("publish", "subscription", "published by", "heard by"), ("request", "responder", "asked by", "answered by"))


def render_events(system: System, root: Path) -> str:
    """Render the transport, then events and requests by name, with their senders' and hearers' fields and groups."""
    everyone = features(system, root)
    carried = [f"{plain(fact.owner)} runs on {plain(fact.name)}: {plain(fact.summary)}".removesuffix(": ")
               for fact in in_order(system) if fact.kind == "transport"]  # fmt: skip
    lines = [line for call in _CALLS for line in _events(everyone, call)]
    return "\n\n".join(["# Events", *carried, "\n".join(lines) or "Nobody sends or hears any."]) + "\n"


def _events(everyone: Sequence[Feature], how: tuple[str, str, str, str]) -> Iterator[str]:
    call, kind, sent_by, heard_by = how
    senders: dict[str, list[str]] = {}
    hearers: dict[str, list[str]] = {}
    for feature in everyone:
        name = plain(feature.part.name)
        for one in feature.sends:
            if one.call == call:
                senders.setdefault(one.event, []).append(name + _fields(dict(one.fields)))
        for fact in feature.of(kind):
            heard = name + _fields(fact.data.get("payload") or {}) + _group(fact.data)
            hearers.setdefault(fact.name, []).append(heard)
    for event in sorted({*senders, *hearers}):
        is_known = event != DYNAMIC
        yield f"- {plain(event) if is_known else 'made at run time'}{' (request)' if call == 'request' else ''}"
        yield f"  - {sent_by} {', '.join(senders.get(event, ())) or 'nobody here'}"
        if is_known:
            yield f"  - {heard_by} {', '.join(hearers.get(event, ())) or 'nobody here'}"


def _group(data: Mapping[str, object]) -> str:
    return f" in group {plain(data['group'])}" if data.get("group") else ""


def _fields(fields: Mapping[str, str]) -> str:
    text = ", ".join(f"{name}: {kind}" if kind else name for name, kind in fields.items())
    return f" {{{plain(text, 600)}}}" if text else ""
