"""The OpenAPI 3.1 document of the endpoints, from the same plans that serve them."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import msgspec

from tools.http.annotation import bare, bounded
from tools.http.endpoint import Endpoint
from tools.http.problem import MEDIA_TYPE
from tools.http.readers import REQUIRED

_REF = "#/components/schemas/{name}"
_PROBLEM_SCHEMA = {
    "type": "object",
    "description": "RFC 9457 problem details",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {name: {"type": "string"} for name in ("detail", "pointer", "parameter")},
            },
        },
    },
}


class _Slot(NamedTuple):
    """One place of an operation that has a schema."""

    place: str
    """`path`, `query`, `header` or `cookie`; `body`, `answer`."""
    name: str
    kind: Any
    default: Any = REQUIRED


def openapi(endpoints: Iterable[Endpoint], title: str = "MicroCoreOS") -> dict[str, Any]:
    """Describe every endpoint: parameters, body, answer, errors, security."""
    ordered = sorted(endpoints, key=lambda one: (one.path.text, one.method))
    slots = [list(_slots(one)) for one in ordered]
    kinds = [slot.kind for several in slots for slot in several]
    schemas, components = msgspec.json.schema_components(kinds, schema_hook=_any_schema, ref_template=_REF)
    problem = "Problem" if "Problem" not in components else "HttpProblem"
    by_slot, ids = iter(schemas), _operation_ids(ordered)
    paths: dict[str, Any] = {}
    for one, several, name in zip(ordered, slots, ids, strict=True):
        found = [(slot, next(by_slot)) for slot in several]
        paths.setdefault(_path(one), {})[one.method.lower()] = _operation(one, name, found, _REF.format(name=problem))
    schemes = {scheme: {"type": "http", "scheme": scheme} for one in ordered for scheme in _security(one)}
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": "1"},
        "paths": paths,
        "components": {"schemas": {**components, problem: _PROBLEM_SCHEMA}, "securitySchemes": schemes},
    }


def _slots(one: Endpoint) -> Iterator[_Slot]:
    for parameter in one.plan.parameters:
        if parameter.key:
            yield _Slot(parameter.source, parameter.key, parameter.annotation, parameter.default)
        elif parameter.source == "query":  # a Struct: each of its fields is a parameter
            is_optional = parameter.default is not REQUIRED
            for field in msgspec.structs.fields(bare(parameter.annotation)):
                default = REQUIRED if field.required and not is_optional else field.default
                yield _Slot("query", field.encode_name, bounded(field.type), default)
    if one.plan.body is not None:
        yield _Slot("body", "", one.plan.body, one.plan.body_default)
    if not one.is_empty:
        yield _Slot("answer", "", Any if one.answer_type is None else one.answer_type)


def _any_schema(kind: type) -> dict[str, Any]:
    return {}


def _path(one: Endpoint) -> str:
    names = iter(one.path.names)
    return "/" + "/".join(f"{{{next(names)}}}" if segment is None else segment for segment in one.path.segments)


def _operation_ids(endpoints: list[Endpoint]) -> list[str]:
    """Name an operation after its plugin; where that serves several, after the method, and then the path too."""
    short = [one.owner.name for one in endpoints]
    longer = [f"{one.owner.name}.{one.method.lower()}" for one in endpoints]
    full = [f"{long}{_path(one).replace('/', '.')}" for long, one in zip(longer, endpoints, strict=True)]
    count = Counter(short) + Counter(longer)
    choices = zip(short, longer, full, strict=True)
    return [next((name for name in names[:2] if count[name] == 1), names[2]) for names in choices]


def _operation(one: Endpoint, name: str, found: list[tuple[_Slot, dict[str, Any]]], problem: str) -> dict[str, Any]:
    doc = (one.handler.__doc__ or one.owner.summary or str(one)).strip()
    by_place = {slot.place: (slot, schema) for slot, schema in found}
    operation: dict[str, Any] = {
        "operationId": name,
        "summary": doc.partition("\n")[0],
        "tags": list(one.options.tags) or [one.owner.name.partition(".")[0]],
        "parameters": [_parameter(*pair) for pair in found if pair[0].place not in ("body", "answer")],
        "responses": _responses(one, by_place.get("answer"), problem),
        "security": [_security(one)] if _security(one) else [],
    }
    if "body" in by_place:
        slot, schema = by_place["body"]
        content = {"application/json": {"schema": schema}}
        operation["requestBody"] = {"required": slot.default is REQUIRED, "content": content}
    return {key: value for key, value in operation.items() if value}


def _parameter(slot: _Slot, schema: dict[str, Any]) -> dict[str, Any]:
    entry = {"name": slot.name, "in": slot.place, "required": slot.default is REQUIRED, "schema": schema}
    if slot.default in (REQUIRED, None, msgspec.NODEFAULT, msgspec.UNSET) or "$ref" in schema:
        return entry
    return {**entry, "schema": {**schema, "default": msgspec.to_builtins(slot.default)}}


def _responses(one: Endpoint, answer: tuple[_Slot, dict[str, Any]] | None, problem: str) -> dict[str, Any]:
    content = {str(MEDIA_TYPE, "ascii"): {"schema": {"$ref": problem}}}
    good = {"description": "answered"} | ({"content": {"application/json": {"schema": answer[1]}}} if answer else {})
    declared = sorted(dict(one.declared_problems()).items())
    problems = {str(status): {"description": text, "content": content} for status, text in declared}
    return {str(one.status): good, **problems, "default": {"description": "any other error", "content": content}}


def _security(one: Endpoint) -> dict[str, list[str]]:
    guard = one.options.guard
    return {} if guard is None else {getattr(guard, "scheme", "bearer"): list(getattr(guard, "scopes", ()))}
