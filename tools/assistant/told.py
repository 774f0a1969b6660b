"""A rehearsed call in words, the most telling first; without secrets."""

import json
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from tools.assistant.budget import cut
from tools.assistant.redaction import REDACTED, is_secret, redacted, without_secrets
from tools.assistant.rehearsal import Held, Rehearsal
from tools.assistant.stage import Answer

_SAME_EVERYWHERE = frozenset(
    ("cache-control", "content-length", "content-security-policy", "cross-origin-opener-policy",
     "cross-origin-resource-policy", "date", "permissions-policy", "referrer-policy", "server",
     "strict-transport-security", "vary", "x-content-type-options", "x-frame-options", "x-request-id")
)  # fmt: skip


def told(
    rehearsal: Rehearsal, answer: Answer, owners: Sequence[str], hearers: Mapping[str, Sequence[str]], budget: int
) -> str:
    """Tell a call; its body may take half of the budget, and what is left of it at the end."""
    body = redacted(_body(answer))
    parts = [*_head(answer, owners), *([cut(body, max(budget // 2, 20))] if body else [])]
    parts += [*_sql(rehearsal), *_held(rehearsal, hearers), *_log(rehearsal)]
    if rehearsal.left_out:
        parts.append(f"({rehearsal.left_out} more of these)")
    return "\n".join(parts)


def _head(answer: Answer, owners: Sequence[str]) -> Iterator[str]:
    phrase = HTTPStatus(answer.status).phrase if answer.status in [*HTTPStatus] else ""
    who = f" by {', '.join(owners)}" if owners else ""
    yield f"{answer.status or 'no answer'} {phrase}{who}, {answer.took_ms:.0f} ms; nothing of it is stored or sent"
    if answer.ended:
        yield f"ended: {redacted(answer.ended)}"
    for name, text in answer.headers:
        if name not in _SAME_EVERYWHERE:
            yield f"{name}: {REDACTED if is_secret(name) else redacted(text)}"


def _body(answer: Answer) -> str:
    text = bytes(answer.body).decode("utf-8", "replace")
    if not any(name == "content-type" and "json" in value for name, value in answer.headers):
        return text
    try:
        return json.dumps(without_secrets(json.loads(text)), ensure_ascii=False, separators=(",", ":"))
    except ValueError:
        return text


def _sql(rehearsal: Rehearsal) -> Iterator[str]:
    if rehearsal.statements:
        yield f"sql ({len(rehearsal.statements)}), parameters as types:"
    for one in rehearsal.statements:
        yield f"- {redacted(' '.join(one.sql.split()))} ({one.types}) -> {redacted(one.outcome)}"
    if any("no such table" in one.outcome or "does not exist" in one.outcome for one in rehearsal.statements):
        yield "a table is missing here: run `python -m manifest migrate`"


def _held(rehearsal: Rehearsal, hearers: Mapping[str, Sequence[str]]) -> Iterator[str]:
    if rehearsal.held:
        yield f"held back ({len(rehearsal.held)}):"
    for one in rehearsal.held:
        heard = ", ".join(hearers.get(one.event, ())) or "nobody here"
        to = f" -> {heard}" if one.how in ("publish", "schedule", "request") else ""
        yield f"- {one.how} {one.event} {_payload(one)}{f' ({one.more})' if one.more else ''}{to}"


def _payload(one: Held) -> str:
    payload: Any = without_secrets(one.payload)
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":"))


def _log(rehearsal: Rehearsal) -> Iterator[str]:
    if rehearsal.records:
        yield f"log ({len(rehearsal.records)}):"
    yield from rehearsal.records
