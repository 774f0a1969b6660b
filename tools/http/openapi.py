"""The OpenAPI 3.1 document of the endpoints, from the same plans that serve them."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

import msgspec

from tools.http.binder import EMPTY, INT64, Parameter
from tools.http.endpoint import Endpoint

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


def openapi(endpoints: Iterable[Endpoint], title: str = "MicroCoreOS") -> dict[str, Any]:
    """Describe every endpoint: parameters, body, answer, errors, security."""
    ordered = sorted(endpoints, key=lambda one: (one.path.text, one.method))
    types = [kind for one in ordered for kind in _types(one)]
    schemas, components = msgspec.json.schema_components(types, schema_hook=_any_schema, ref_template=_REF)
    by_type = iter(schemas)
    owners = Counter(one.owner.name for one in ordered)
    paths: dict[str, Any] = {}
    schemes: dict[str, Any] = {}
    for one in ordered:
        found = {key: next(by_type) for key in _keys(one)}
        operation = _operation(one, found, owners[one.owner.name] > 1)
        paths.setdefault(_path(one), {})[one.method.lower()] = operation
        schemes |= {name: {"type": "http", "scheme": name} for name in _scheme(one)}
    document: dict[str, Any] = {"openapi": "3.1.0", "info": {"title": title, "version": "1"}, "paths": paths}
    document["components"] = {"schemas": {**components, "Problem": _PROBLEM_SCHEMA}, "securitySchemes": schemes}
    return document


def _keys(one: Endpoint) -> list[str]:
    parameters = [parameter.name for parameter in one.plan.parameters if parameter.source != "context"]
    body = [] if one.plan.body is None else ["body"]
    answer = [] if one.answer_type in (None, type(None)) else ["answer"]
    return [*(f"parameter {name}" for name in parameters), *body, *answer]


def _types(one: Endpoint) -> list[Any]:
    kinds = [parameter.annotation for parameter in one.plan.parameters if parameter.source != "context"]
    kinds += [] if one.plan.body is None else [one.plan.body]
    kinds += [] if one.answer_type in (None, type(None)) else [one.answer_type]
    return [INT64 if kind is int else kind for kind in kinds]


def _any_schema(kind: type) -> dict[str, Any]:
    return {}


def _path(one: Endpoint) -> str:
    names = iter(one.path.names)
    return "/" + "/".join(f"{{{next(names)}}}" if segment is None else segment for segment in one.path.segments)


def _operation(one: Endpoint, schemas: dict[str, Any], has_siblings: bool) -> dict[str, Any]:
    suffix = f".{one.method.lower()}" if has_siblings else ""
    doc = (one.handler.__doc__ or one.owner.summary or str(one)).strip()
    operation: dict[str, Any] = {
        "operationId": f"{one.owner.name}{suffix}",
        "summary": doc.partition("\n")[0],
        "tags": list(one.options.tags) or [one.owner.name.partition(".")[0]],
        "responses": _responses(one, schemas.get("answer")),
    }
    if parameters := [entry for one_ in one.plan.parameters for entry in _parameter(one_, schemas)]:
        operation["parameters"] = parameters
    if "body" in schemas:
        required = one.plan.body_default is EMPTY
        operation["requestBody"] = {"required": required, "content": {"application/json": {"schema": schemas["body"]}}}
    if schemes := _scheme(one):
        operation["security"] = [{name: [] for name in schemes}]
    return operation


def _parameter(parameter: Parameter, schemas: dict[str, Any]) -> list[dict[str, Any]]:
    if parameter.source == "context":
        return []
    schema, key = schemas[f"parameter {parameter.name}"], parameter.key
    if not key:  # a Struct of query parameters: each field is one
        kind: Any = parameter.annotation
        fields = [(field.encode_name, field) for field in msgspec.structs.fields(kind)]
        return [_entry("query", name, {}, field.required) for name, field in fields]
    return [_entry(parameter.source, key, schema, parameter.default is EMPTY)]


def _entry(source: str, name: str, schema: dict[str, Any], required: bool) -> dict[str, Any]:
    return {"name": name, "in": source, "required": required or source == "path", "schema": schema}


def _responses(one: Endpoint, schema: Any) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": "answered"}
    if not one.is_empty:
        answer["content"] = {"application/json": {"schema": schema or {}}}
    problems = dict(one.declared_problems())
    responses = {str(one.status): answer}
    for status, text in sorted(problems.items()):
        ref = {"application/problem+json": {"schema": {"$ref": _REF.format(name="Problem")}}}
        responses[str(status)] = {"description": text, "content": ref}
    return responses


def _scheme(one: Endpoint) -> list[str]:
    guard = one.options.guard
    return [] if guard is None else [getattr(guard, "scheme", "bearer")]
