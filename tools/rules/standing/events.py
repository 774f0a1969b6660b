"""Events that nobody sends, and fields that are read and not sent."""

from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

import msgspec

from hookspecs import Finding
from tools.rules.reading import Heard
from tools.rules.standing.stand import Stand

REPLIED = {"subscribe": "publish", "reply": "request"}


class Sender(NamedTuple):
    """One place that sends; `fields` is None where they are not known."""

    call: str
    event: str
    place: str
    fields: frozenset[str] | None


def events(stand: Stand) -> Iterator[Finding]:
    """Warn of what a subscriber reads and a publisher does not send, and of what has no other end at all."""
    senders = list(_senders(stand))
    mentioned = {event for reading in stand.readings.values() for event in reading.mentioned}
    replied = {stand.event(file, one.event, one.event_name) for file, reading in stand.readings.items()
               for one in reading.heard if one.call == "reply"}  # fmt: skip
    for file, reading in stand.readings.items():
        for one in reading.heard:
            event = stand.event(file, one.event, one.event_name)
            ours = [sender for sender in senders if sender.call == REPLIED[one.call] and _is_same(sender.event, event)]
            if one.call == "subscribe" and not ours and event != "*" and event not in mentioned:
                remedy = "correct the name, or publish it; its publisher may be deleted, or elsewhere"
                message = f"no plugin here publishes {event!r}: {remedy}"
                yield Finding("event-unpublished", message, file, one.line, is_error=False)
            yield from _unsent(stand, file, one, ours)
        for call in reading.sent:
            event = stand.event(file, call.event, call.event_name)
            if call.call == "request" and not any(_is_same(event, other) for other in replied):
                message = f"no plugin here replies to {event!r}: correct the name, or `reply` to it"
                yield Finding("request-unanswered", message, file, call.line, is_error=False)


def _senders(stand: Stand) -> Iterator[Sender]:
    for file, reading in stand.readings.items():
        for one in reading.sent:
            fields: Iterable[str] | None = one.fields
            if fields is None and one.payload_name:
                fields = _names(stand.resolve(file, one.payload_name), required_only=False)
            event = stand.event(file, one.event, one.event_name)
            yield Sender(one.call, event, f"{file}:{one.line}", None if fields is None else frozenset(fields))


def _unsent(stand: Stand, file: str, one: Heard, senders: Sequence[Sender]) -> Iterator[Finding]:
    """Compare what a callback cannot do without with what each sender gives."""
    typed = _names(stand.resolve(file, one.payload_name), required_only=True) or []
    for field, line in [*((name, one.line) for name in typed), *one.reads]:
        for sender in senders:
            if sender.fields is not None and field not in sender.fields:
                sent = ", ".join(sorted(sender.fields)) or "nothing"
                message = (
                    f"{field!r} of {sender.event!r} is read, and {sender.place} does not send it (it sends {sent})"
                )
                remedy = "send it there, or give the field a default here"
                yield Finding("event-field", f"{message}: {remedy}", file, line, is_error=False)


def _names(kind: Any, *, required_only: bool) -> list[str] | None:
    """List the fields of a Struct, dataclass or TypedDict, as JSON has them; None for what is neither."""
    try:
        known = msgspec.inspect.type_info(kind) if isinstance(kind, type) else None
    except (TypeError, NameError):
        return None
    fields = getattr(known, "fields", None)
    return None if fields is None else [one.encode_name for one in fields if one.required or not required_only]


def _is_same(pattern: str, event: str) -> bool:
    return event == "*" or fnmatchcase(event, pattern) or fnmatchcase(pattern, event)
