"""One operation of the OpenAPI document: what an endpoint takes and what it answers."""

import inspect
import typing
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec
from starlette.responses import FileResponse, RedirectResponse

from tools.http.annotation import bare, bounded
from tools.http.binder import EMPTY
from tools.http.contract import Upload
from tools.http.declared import response_kinds
from tools.http.endpoint import Endpoint
from tools.http.openapi.problems import HEADERS, Json
from tools.http.problem import phrase
from tools.http.readers import REQUIRED
from tools.http.replies import EMPTY_STATUSES
from tools.http.streams.chunks import ITERATORS, yielded
from tools.http.streams.events import EventStream

JSON, BYTES = "application/json", "application/octet-stream"
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_PARAMETERS = ("path", "query", "header", "cookie")
_NO_DEFAULT = (REQUIRED, None, msgspec.NODEFAULT, msgspec.UNSET)
_ANYTHING = (EMPTY, Any, object)
_BINARY = {"type": "string", "format": "binary"}


class Slot(NamedTuple):
    """One place of an operation that has a schema: `path`, `query`, `header`, `cookie`; `form`, `body`; `answer`."""

    place: str
    name: str
    kind: Any
    default: Any = REQUIRED
    media_type: str = JSON

    @property
    def is_inbound(self) -> bool:
        """Whether a client sends it."""
        return self.place != "answer"


Found = list[tuple[Slot, Json]]


def slots(one: Endpoint) -> Iterator[Slot]:
    """List what has a schema."""
    taken = {parameter.key for parameter in one.plan.parameters if parameter.source == "path"}
    yield from (Slot("path", name, str) for name in one.path.names if name not in taken)  # read off the context
    for parameter in one.plan.parameters:
        if parameter.key:
            yield Slot(parameter.source, parameter.key, parameter.annotation, parameter.default)
        elif parameter.source in ("query", "form"):  # a Struct: each of its fields is a parameter
            is_optional = parameter.default is not REQUIRED
            for field in msgspec.structs.fields(bare(parameter.annotation)):
                default = REQUIRED if field.required and not is_optional else field.default
                yield Slot(parameter.source, field.encode_name, bounded(field.type), default)
    if one.plan.body is not None and not one.plan.is_raw:
        yield Slot("body", "", one.plan.body, one.plan.body_default)
    yield from _answers(one)


def _answers(one: Endpoint) -> Iterator[Slot]:
    """List the good answers that have a body, but for those that a handler writes itself."""
    declared = one.declared
    if one.options.heartbeat_s is not None:
        yield Slot("answer", str(one.status), str, media_type=EventStream.media_type)
    elif typing.get_origin(declared) in ITERATORS:
        item = yielded(one, declared)
        yield Slot("answer", str(one.status), item.kind, media_type=item.media_type)
    elif not one.is_empty and (one.answer_type is not None or declared in _ANYTHING):
        yield Slot("answer", str(one.status), Any if one.answer_type is None else one.answer_type)
    for status, kind in one.options.answers.items():
        if kind not in (None, type(None)) and status not in EMPTY_STATUSES:
            yield Slot("answer", str(status), kind)


def path_text(one: Endpoint) -> str:
    """Write the path as OpenAPI does."""
    names = iter(one.path.names)
    return "/" + "/".join(f"{{{next(names)}}}" if segment is None else segment for segment in one.path.segments)


def security(one: Endpoint) -> dict[str, list[str]]:
    """Name the scheme that guards an endpoint, and the scopes that are asked for."""
    guard = one.options.guard
    return {} if guard is None else {getattr(guard, "scheme", "bearer"): list(getattr(guard, "scopes", ()))}


def operation(one: Endpoint, name: str, found: Found, problems: Json) -> Json:
    """Describe one endpoint.

    Args:
        one: the endpoint.
        name: its operationId.
        found: its slots with their schemas.
        problems: its responses that are errors.
    """
    summary, _, rest = (inspect.getdoc(one.handler) or one.owner.summary or str(one)).strip().partition("\n")
    return _without_empty(
        {
            "operationId": name,
            "summary": summary,
            "description": rest.strip(),
            "tags": list(one.options.tags) or [one.owner.name.partition(".")[0]],
            "parameters": [_parameter(*pair) for pair in found if pair[0].place in _PARAMETERS],
            "requestBody": _body(one, found),
            "responses": {**_good(one, found), **problems},
            "security": [security(one)] if security(one) else [],
        }
    )


def _parameter(slot: Slot, schema: Json) -> Json:
    if slot.place == "path" and schema == {"type": "string"}:
        schema = {**schema, "minLength": 1}
    schema = _with_default(slot, schema)
    entry = {"name": slot.name, "in": slot.place, "description": schema.get("description", "")}
    return {**_without_empty(entry), "required": slot.default is REQUIRED, "schema": schema}


def _with_default(slot: Slot, schema: Json) -> Json:
    if any(slot.default is one for one in _NO_DEFAULT):
        return schema
    return {**schema, "default": msgspec.to_builtins(slot.default, order="deterministic")}


def any_schema(kind: type) -> Json:
    """Describe what is no type of msgspec's: a file of a form, or something that only its handler knows."""
    return dict(_BINARY) if kind is Upload else {"title": kind.__name__}


def _body(one: Endpoint, found: Found) -> Json:
    if one.plan.is_raw:
        return {"required": False, "content": {BYTES: {}}}  # none at all is no bytes
    for slot, schema in found:
        if slot.place == "body":
            return {"required": slot.default is REQUIRED, "content": {JSON: {"schema": schema}}}
    fields = [(slot, schema) for slot, schema in found if slot.place == "form"]
    return _form(fields) if fields else {}


def _form(fields: Found) -> Json:
    required = [slot.name for slot, _ in fields if slot.default is REQUIRED]
    properties = {slot.name: _with_default(slot, schema) for slot, schema in fields}
    schema = _without_empty({"type": "object", "required": required, "properties": properties})
    has_files = any(_BINARY in (one, one.get("items")) for one in properties.values())
    return {"required": bool(required), "content": {media: {"schema": schema} for media in FORMS[has_files:]}}


def _good(one: Endpoint, found: Found) -> Json:
    kinds = response_kinds(one.declared)
    statuses = {status: _response(status) for status in (one.status, *one.options.answers)}
    for slot, schema in found:
        if slot.place == "answer":
            statuses[int(slot.name)]["content"] = {slot.media_type: {"schema": schema}}
    for kind in kinds:
        if issubclass(kind, RedirectResponse):
            statuses[307] = _response(307, {"location": {"schema": {"type": "string"}}})
        elif one.status not in EMPTY_STATUSES:
            statuses[one.status].setdefault("content", {})[kind.media_type or "*/*"] = {}
        if issubclass(kind, FileResponse) and one.method == "GET":
            statuses |= {206: {**_response(206), "content": {"*/*": {}}}, 304: _response(304)}
    if one.options.etag:
        statuses[304] = _response(304)
    if kinds == [RedirectResponse] and one.options.status is None:
        del statuses[one.status]
    return {str(status): _without_empty(statuses[status]) for status in sorted(statuses)}


def _response(status: int, headers: Mapping[str, Json] = MappingProxyType({})) -> Json:
    return {"description": phrase(status), "headers": {**HEADERS, **headers}}


def _without_empty(entries: Json) -> Json:
    return {key: value for key, value in entries.items() if value or value is False}
