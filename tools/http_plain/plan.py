"""A handler's signature, compiled at boot: where each of its parameters comes from."""

import inspect
import typing
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec
from starlette.requests import Request

from tools.http.contract import Body, Context, Cookie, File, Form, Header, Query, RouteError
from tools.http_plain.annotation import bare, fields_of, is_body, is_scalar, is_several, marked
from tools.http_plain.path import Path
from tools.http_plain.readers import REQUIRED, Reader, query_struct_reader, reader

EMPTY = inspect.Parameter.empty
_BY_NAME = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


class Parameter(NamedTuple):
    """One parameter of a handler; `key` is its name in `source`, empty for a Struct of query parameters."""

    name: str
    source: str
    key: str
    kind: Any
    default: Any
    read: Reader = lambda context: context


class Plan(NamedTuple):
    """How a handler's parameters are filled; `body` is that whose source is the body."""

    parameters: list[Parameter]
    body: Parameter | None
    returns: Any


def compile_plan(handler: Callable[..., Any], path: Path, request_model: type | None) -> Plan:
    """Decide where each parameter comes from.

    Raises:
        RouteError: an annotation that does not resolve, a parameter without a source, or with two.
    """
    who = f"handler {getattr(handler, '__qualname__', repr(handler))}"
    function = handler if inspect.isroutine(handler) else getattr(handler, "func", type(handler).__call__)
    try:
        hints = typing.get_type_hints(function, include_extras=True)
    except Exception as error:
        raise RouteError(f"{who}: an annotation does not resolve: {error}: import the name at run time") from error
    names, signature = path.names, inspect.signature(handler).parameters.values()
    hints |= {one.name: _with_path_kind(who, one.name, hints.get(one.name, EMPTY), path) for one in signature}
    found = [_parameter(who, one, hints[one.name], names) for one in signature]
    bodies = [one for one in found if one.source == "body"]
    if len(bodies) > 1:
        raise RouteError(f"{who}: {bodies[0].name!r} and {bodies[1].name!r} both want the body: one can have it")
    if request_model is not None:
        bodies = [_modelled(who, bodies, request_model)]
    taken = {one.source if one.source == "context" else one.key for one in found if one.source in ("context", "path")}
    if unused := [] if "context" in taken else [name for name in names if name not in taken]:
        raise RouteError(f"{who}: nothing takes placeholder {unused[0]!r}: add a parameter of that name")
    others = [one for one in found if one.source != "body"]
    return Plan(others, bodies[0] if bodies else None, hints.get("return", EMPTY))


def capabilities_asked(handler: Callable[..., Any]) -> set[str]:
    """Name the capabilities that a handler's signature, its kind and its own code ask for."""
    function = inspect.unwrap(handler)
    marks = [marked(kind)[0] for kind in getattr(function, "__annotations__", {}).values()]
    code = getattr(function, "__code__", None)
    asked = {"form"} if any(isinstance(one, Form) for one in marks) else set()
    asked |= {"file"} if any(isinstance(one, File) for one in marks) else set()
    asked |= {"stream"} if inspect.isasyncgenfunction(function) or inspect.isgeneratorfunction(function) else set()
    return asked | ({"etag"} if code and {"set_etag", "check_etag"} & {*code.co_names} else set())


def _with_path_kind(who: str, name: str, annotation: Any, path: Path) -> Any:
    """`{id:int}` says the type of a parameter without an annotation, and may not say another than the annotation."""
    kind = path.kinds.get(name, annotation)
    if annotation not in (EMPTY, kind) and bare(annotation) is not kind:
        raise RouteError(
            f"{who}: the path says that {name!r} is {kind.__name__}, its annotation {annotation!r}: drop one"
        )
    return kind if annotation is EMPTY else annotation


def _parameter(who: str, one: inspect.Parameter, annotation: Any, names: Sequence[str]) -> Parameter:
    if one.kind not in _BY_NAME:
        raise RouteError(f"{who}: parameter {str(one)!r} cannot be filled by name: give it a name, without * or /")
    who, default = f"{who}: parameter {one.name!r}", REQUIRED if one.default is EMPTY else one.default
    mark, kind = marked(annotation)
    if one.name in names and mark is not None:
        raise RouteError(f"{who} is a placeholder of the path and marked {mark!r}: rename one")
    if one.name in names:
        kind = str if kind is EMPTY else kind
        return Parameter(one.name, "path", one.name, kind, REQUIRED, reader("path", one.name, kind, REQUIRED))
    if one.name == "context" or annotation is Context:
        return Parameter(one.name, "context", "", annotation, REQUIRED)
    if annotation is Request:
        return Parameter(one.name, "context", "", annotation, REQUIRED, lambda context: context.request)
    if is_data(one.name, annotation):
        return Parameter(one.name, "body", "", dict[str, Any] if annotation in (dict, EMPTY) else kind, default)
    if isinstance(mark, Body) or (mark is None and is_body(kind)):
        return Parameter(one.name, "body", "", kind, default)
    if isinstance(mark, Query) and fields_of(kind) is not None:
        return Parameter(one.name, "query", "", kind, default, query_struct_reader(kind, default))
    return _named(who, one.name, mark, kind, default)


def _named(who: str, name: str, mark: Any, kind: Any, default: Any) -> Parameter:
    if kind is EMPTY or not is_scalar(kind):
        advice = "annotate a scalar or a Struct, or mark it with Header, Cookie, Query or Body"
        raise RouteError(f"{who} has no source: {'text becomes a scalar, or a list of them' if mark else advice}")
    if isinstance(mark, Cookie) and is_several(kind):
        raise RouteError(f"{who} is a list, and a cookie has one value: annotate a scalar")
    source = "header" if isinstance(mark, Header) else "cookie" if isinstance(mark, Cookie) else "query"
    key = (mark.name if mark is not None else "") or name
    return Parameter(name, source, key, kind, default, reader(source, key, kind, default))


def is_data(name: str, annotation: Any) -> bool:
    """Whether it is the article's `data`, which `request_model` describes."""
    return name == "data" and (annotation in (dict, EMPTY) or typing.get_origin(annotation) is dict)


def _modelled(who: str, bodies: list[Parameter], request_model: type) -> Parameter:
    if not bodies:
        raise RouteError(f"{who}: nothing takes the body that request_model describes: add `data: dict`")
    if not is_data(bodies[0].name, bodies[0].kind):
        name = bodies[0].name
        raise RouteError(f"{who}: {name!r} and request_model both describe the body: leave out request_model")
    return bodies[0]._replace(kind=request_model)


def check_decodable(who: object, kind: Any) -> None:
    """Let the type of a body pass.

    Raises:
        RouteError: msgspec does not know it.
    """
    try:
        is_unknown = isinstance(msgspec.inspect.type_info(kind), msgspec.inspect.CustomType)
    except TypeError as error:
        raise RouteError(f"{who}: the body's type cannot be decoded: {error}") from error
    if is_unknown:
        raise RouteError(f"{who}: the body's type {kind!r} cannot be decoded: use a msgspec.Struct")
