"""An endpoint as the manifest reads it: everything an author needs to know of a neighbour."""

from typing import Any

import msgspec

from hookspecs import Fact
from tools.http.annotation import bare
from tools.http.binder import Parameter
from tools.http.endpoint import Endpoint
from tools.http.readers import REQUIRED
from tools.http.type_text import field_texts, type_text


def endpoint_fact(one: Endpoint) -> Fact:
    """Describe one endpoint."""
    data: dict[str, Any] = {
        "method": one.method,
        "path": one.path.text,
        "guard": one.protection,
        "status": one.status,
        "parameters": [_parameter(parameter) for parameter in one.plan.parameters if parameter.source != "context"],
        "body": None if one.plan.body is None else type_text(one.plan.body),
        "body_fields": field_texts(one.plan.body),
        "answer": "" if one.answer_type is None else type_text(one.answer_type),
        "answer_fields": field_texts(one.answer_type),
        "errors": one.declared_problems(),
        "tags": list(one.options.tags),
    }
    return Fact("endpoint", one.owner.name, str(one), one.owner.summary, data)


def _parameter(parameter: Parameter) -> dict[str, Any]:
    shown = {"name": parameter.key or parameter.name, "in": parameter.source, "type": type_text(parameter.annotation)}
    if not parameter.key and parameter.source in ("query", "form"):  # a Struct: each of its fields is a parameter
        return {**shown, "required": parameter.default is REQUIRED, "fields": field_texts(bare(parameter.annotation))}
    if parameter.default is REQUIRED:
        return {**shown, "required": True}
    return {**shown, "required": False, "default": msgspec.to_builtins(parameter.default, order="deterministic")}
