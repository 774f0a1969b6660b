"""An endpoint as the manifest reads it."""

import inspect
from typing import Any

import msgspec

from hookspecs import Fact
from tools.http_plain.endpoint import Endpoint
from tools.http_plain.readers import REQUIRED


def line(one: Endpoint) -> int:
    """Say where the handler is written, or 0 where Python cannot tell."""
    code = getattr(inspect.unwrap(one.handler), "__code__", None)
    return code.co_firstlineno if code else 0


def endpoint_fact(one: Endpoint) -> Fact:
    """Describe an endpoint under the keys that the manifest knows."""
    parameters = [
        {"name": found.key or found.name, "in": found.source, "type": _kind(found.kind)}
        | (
            {"required": True}
            if found.default is REQUIRED
            else {"default": msgspec.to_builtins(found.default, order="deterministic")}
        )
        for found in one.plan.parameters
        if found.source != "context"
    ]
    data = {
        "method": one.method,
        "path": one.path.text,
        "guard": one.protection,
        "status": one.status,
        "parameters": parameters,
        "body": None if one.plan.body is None else _kind(one.plan.body.kind),
        "answer": "" if one.kind is None else _kind(one.kind),
        "errors": one.declared_errors(),
        "tags": list(one.options.tags),
    }
    return Fact("endpoint", one.owner.name, str(one), one.owner.summary, data)


def _kind(kind: Any) -> str:
    return "None" if kind is type(None) else getattr(kind, "__name__", str(kind))
