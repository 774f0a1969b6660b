"""A domain's slice: what the index leaves out, from the same facts."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from hookspecs import Fact, Part, System
from manifest.feature import Feature, domain_of, features, in_order
from manifest.outgoing import Outgoing
from manifest.plain_text import message, plain
from manifest.table_line import table_line


def render_domain(system: System, root: Path, environ: Mapping[str, str], domain: str) -> str:
    """Render what a domain's plugins take, answer, refuse, send, hear and need; what is broken, with its error."""
    everyone, names = features(system, root), {domain}
    tables = [f"\n- table {table_line(fact)}" for fact in in_order(system)
              if fact.kind == "table" and domain_of(fact.owner, names)]  # fmt: skip
    sections = [f"# {plain(domain)}" + "".join(["\n", *tables] if tables else [])]
    sections += ["\n".join(_feature(one, everyone)) for one in everyone if domain_of(one.part.name, names)]
    for part in sorted(system.plugins, key=lambda part: part.name):
        if part.state in ("broken", "disabled") and domain_of(part.name, names):
            sections.append(
                f"{_title(part)}\n\n- {part.state}: {message(part.error, root, environ)}".removesuffix(": ")
            )
    return "\n\n".join(sections) + "\n"


def _title(part: Part) -> str:
    return f"## {plain(part)}"


def _feature(feature: Feature, everyone: Sequence[Feature]) -> Iterator[str]:
    yield _title(feature.part)
    yield ""
    if feature.part.summary:
        yield plain(feature.part.summary)
    if feature.part.needs:
        yield f"- needs {plain(', '.join(feature.part.needs))}"
    yield from feature_lines(feature, everyone)


def feature_lines(feature: Feature, everyone: Sequence[Feature]) -> Iterator[str]:
    """Say what a feature has registered, and what it sends."""
    for fact in feature.of("endpoint"):
        yield from _endpoint(fact)
    for sent in feature.sends:
        yield _sent(sent, everyone)
    for fact in feature.facts:
        if fact.kind in ("subscription", "responder"):
            yield _heard(fact, everyone)
        elif fact.kind == "websocket":
            yield from _websocket(fact)
        elif fact.kind != "endpoint":
            yield f"- {plain(fact.kind)} {plain(fact.name)}: {plain(fact.summary)}".removesuffix(": ")


def _endpoint(fact: Fact) -> Iterator[str]:
    data = fact.data
    yield f"- {plain(fact.name)}: {plain(data.get('guard', ''))} -> {plain(data.get('status', ''))}"
    for one in data.get("parameters", ()):
        yield f"  - {plain(one['in'])} {_parameter(one)}{_fields(one.get('fields') or {})}"
    for title in ("body", "answer"):
        if kind := data.get(title):
            yield f"  - {title} {plain(kind)}{_fields(data.get(f'{title}_fields') or {})}"
    for status, detail in sorted((data.get("errors") or {}).items(), key=str):
        yield f"  - {plain(status)}: {plain(detail)}".removesuffix(": ")


def _websocket(fact: Fact) -> Iterator[str]:
    data = fact.data
    yield f"- {plain(fact.kind)} {plain(fact.name)}: {plain(data.get('guard') or fact.summary)}".removesuffix(": ")
    for one in data.get("parameters", ()):
        yield f"  - {plain(one['in'])} {_parameter(one)}"
    for way in ("receives", "sends"):
        if kind := data.get(way):
            yield f"  - {way} {plain(kind)}{_fields(data.get(f'{way}_fields') or {})}"


def _parameter(one: Mapping[str, Any]) -> str:
    default = "" if one.get("required") or one.get("default") in (None, "") else f" = {one['default']}"
    optional = "" if one.get("required") or default or "fields" in one else ", optional"
    return plain(f"{one['name']}: {one['type']}{default}{optional}")


def _sent(sent: Outgoing, everyone: Sequence[Feature]) -> str:
    kind = "subscription" if sent.call == "publish" else "responder"
    hearers = [_hearer(one, fact) for one in everyone for fact in one.of(kind) if fact.name == sent.event]
    heard_by = ", ".join(hearers) or "nobody here"
    verb = "publishes" if sent.call == "publish" else "requests"
    return f"- {verb} {plain(sent.event)}{_fields(dict(sent.fields))}; heard by {heard_by}"


def _hearer(feature: Feature, fact: Fact) -> str:
    return plain(feature.part.name) + _fields(fact.data.get("payload") or {})


def _heard(fact: Fact, everyone: Sequence[Feature]) -> str:
    call = "publish" if fact.kind == "subscription" else "request"
    senders = {one.part.name for one in everyone for sent in one.sends if (sent.call, sent.event) == (call, fact.name)}
    sent_by = ", ".join(map(plain, sorted(senders))) or "nobody here"
    verb = "hears" if fact.kind == "subscription" else "replies to"
    callback = f" in {plain(fact.data['callback'])}" if fact.data.get("callback") else ""
    return f"- {verb} {plain(fact.name)}{_fields(fact.data.get('payload') or {})}{callback}; sent by {sent_by}"


def _fields(fields: Mapping[str, str]) -> str:
    """Put a payload into braces: ` {id: int, email: str}`; nothing for none."""
    text = ", ".join(f"{name}: {kind}" if kind else name for name, kind in fields.items())
    return f" {{{plain(text, 600)}}}" if text else ""
