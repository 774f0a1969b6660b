"""What the OpenAPI document says of things that are no endpoints: events as webhooks, WebSockets and mounts by name."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from hookspecs import Fact
from tools.http.openapi.problems import Json

_ERRORS = "Every error is an RFC 9457 problem; its `instance` is the request's id, which the log has too."
_SOCKETS = "WebSockets, which OpenAPI cannot express, are listed under `x-websockets`."
_EVENT = "Carried by the event bus to the parts of this system that subscribe to it; no client is called."


def description(facts: Sequence[Fact]) -> str:
    """Say what a reader of the document would miss in it."""
    kinds = {fact.kind for fact in facts}
    mounts = sorted(fact.name for fact in facts if fact.kind == "mount")
    texts = [_ERRORS, _SOCKETS if "websocket" in kinds else ""]
    texts.append(
        f"Not described here: what is mounted at {', '.join(f'`{path}`' for path in mounts)}." if mounts else ""
    )
    return " ".join(filter(None, texts))


def sockets(facts: Iterable[Fact]) -> list[Json]:
    """List the WebSockets, by path."""
    found = [fact for fact in facts if fact.kind == "websocket"]
    shown = [{"path": one.data.get("path", one.name), "summary": one.summary} for one in found]
    return sorted(shown, key=lambda one: str(one["path"]))


def event_types(facts: Iterable[Fact]) -> list[tuple[Fact, Any]]:
    """Pair each declared event with the type of its payload: a fact of the kind `event` has it as `data["payload"]`."""
    events = [fact for fact in facts if fact.kind == "event"]
    return [(fact, fact.data.get("payload", Any)) for fact in sorted(events, key=lambda one: (one.name, one.owner))]


def webhook(events: Iterable[tuple[Fact, Any]], schemas: Iterator[Json]) -> Json:
    """Describe events as webhooks; a payload is what everyone who declares the event says of it."""
    payloads: dict[str, list[Json]] = {}
    summaries: dict[str, str] = {}
    for fact, _ in events:
        schema, known = next(schemas), payloads.setdefault(fact.name, [])
        summaries[fact.name] = summaries.get(fact.name) or fact.summary
        if schema and schema not in known:
            known.append(schema)
    return {name: {"post": _event(name, summaries[name], several)} for name, several in payloads.items()}


def _event(name: str, summary: str, payloads: list[Json]) -> Json:
    schema: Json = {"allOf": payloads} if len(payloads) > 1 else (payloads or [{}])[0]
    return {
        "summary": summary or f"{name} happened",
        "description": _EVENT,
        "tags": ["Events"],
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
        "responses": {"204": {"description": "it was taken"}},
    }
