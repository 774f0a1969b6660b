"""Compiles a handler's signature into a plan: one reader a parameter, made once at boot.

Where each is looked for: a path placeholder by its name; `context`; a Struct or `data: dict` is the JSON body; scalars,
enums, dates and lists of them are query parameters; what is marked `Header`, `Cookie`, `Query` or `Body` is there.
"""

import inspect
import typing
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec
from starlette.requests import Request

from tools.http.annotation import bare, bounded, is_body, is_scalar, is_several, is_struct, mark_of, without_mark
from tools.http.context import RequestContext
from tools.http.contract import Body, Context, Cookie, File, Form, Header, Query, RouteError
from tools.http.forms.readers import form_reader
from tools.http.readers import (
    REQUIRED,
    Convert,
    Reader,
    cookie_reader,
    header_reader,
    path_converter,
    query_converter,
    query_struct_reader,
)

EMPTY = inspect.Parameter.empty
_BY_NAME = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


class Parameter(NamedTuple):
    """One parameter of a handler: where it comes from, under which name there, and how it is read."""

    name: str
    source: str
    key: str
    """Empty for a Struct of query parameters."""
    annotation: Any
    default: Any
    read: Reader
    convert: Convert | None = None
    """Of a path's or a query's text, for whom the context is too much."""


class Plan(NamedTuple):
    """How a handler's parameters are filled; `body` is the type of the JSON body, `body_name` who gets it."""

    parameters: tuple[Parameter, ...]
    body_name: str
    body: Any
    body_default: Any
    returns: Any
    order: tuple[tuple[str, bool], ...] = ()
    """Every name in the signature's order, and whether the handler takes it by keyword only."""
    is_raw: bool = False
    """The body is taken as bytes."""


def compile_plan(
    handler: Callable[..., Any],
    names: tuple[str, ...],
    request_model: type | None,
    kinds: Mapping[str, Any] = MappingProxyType({}),
) -> Plan:
    """Decide where each parameter comes from.

    Raises:
        RouteError: an annotation that does not resolve, a parameter without a source, or with two.
    """
    who, hints = f"handler {getattr(handler, '__qualname__', repr(handler))}", _hints(handler)
    parameters: list[Parameter] = []
    bodies: list[tuple[str, Any, Any]] = []
    signature = inspect.signature(handler).parameters.values()
    for one in signature:
        if one.kind not in _BY_NAME:
            raise RouteError(f"{who}: parameter {str(one)!r} cannot be filled by name: give it a name, without * or /")
        annotation = _with_path_kind(who, one.name, hints.get(one.name, EMPTY), kinds)
        default = REQUIRED if one.default is EMPTY else one.default
        if _is_body(one.name, annotation, names):
            bodies.append((one.name, _body_type(who, one.name, annotation, request_model), default))
        else:
            parameters.append(_parameter(f"{who}: parameter {one.name!r}", one.name, annotation, default, names))
    if len(bodies) > 1:
        raise RouteError(f"{who}: {bodies[0][0]!r} and {bodies[1][0]!r} both want the body: one can have it")
    if request_model is not None and not bodies:
        raise RouteError(f"{who}: nothing takes the body that request_model describes: add `data: dict`")
    _check_placeholders(who, names, parameters)
    name, body, default = bodies[0] if bodies else ("", None, REQUIRED)
    order = tuple((one.name, one.kind is one.KEYWORD_ONLY) for one in signature)
    is_raw = body in (bytes, bytes | None)
    return Plan(tuple(parameters), name, body, default, hints.get("return", EMPTY), order, is_raw)


def _with_path_kind(who: str, name: str, annotation: Any, kinds: Mapping[str, Any]) -> Any:
    """`{id:int}` says the type of a parameter without an annotation, and may not say another than the annotation."""
    kind = kinds.get(name, annotation)
    if annotation not in (EMPTY, kind) and bare(annotation) is not kind:
        raise RouteError(
            f"{who}: the path says that {name!r} is {kind.__name__}, its annotation {annotation!r}: drop one"
        )
    return kind if annotation is EMPTY else annotation


def _hints(handler: Callable[..., Any]) -> Mapping[str, Any]:
    function = handler if inspect.isroutine(handler) else getattr(handler, "func", type(handler).__call__)
    try:
        return typing.get_type_hints(function, include_extras=True)
    except Exception as error:
        who = f"handler {getattr(handler, '__qualname__', repr(handler))}"
        raise RouteError(f"{who}: an annotation does not resolve: {error}: import the name at run time") from error


def _is_plain_data(name: str, annotation: Any) -> bool:
    return name == "data" and (annotation in (dict, EMPTY) or typing.get_origin(annotation) is dict)


def _is_body(name: str, annotation: Any, names: tuple[str, ...]) -> bool:
    if name in names:
        return False
    mark = mark_of(annotation)
    if mark is not None:
        return isinstance(mark, Body)
    return _is_plain_data(name, annotation) or is_body(annotation)


def _body_type(who: str, name: str, annotation: Any, request_model: type | None) -> Any:
    if not _is_plain_data(name, annotation):
        if request_model is not None:
            raise RouteError(f"{who}: {name!r} and request_model both describe the body: leave out request_model")
        return without_mark(annotation)
    if request_model is not None:
        return request_model
    return dict[str, Any] if annotation in (dict, EMPTY) else annotation


def _parameter(who: str, name: str, annotation: Any, default: Any, names: tuple[str, ...]) -> Parameter:
    mark, kind = mark_of(annotation), bounded(without_mark(annotation))
    if name in names and mark is not None:
        raise RouteError(f"{who} is a placeholder of the path and marked {mark!r}: rename one")
    if name in names:
        kind = str if kind is EMPTY else kind
        convert = path_converter(kind)
        return Parameter(name, "path", name, kind, REQUIRED, lambda context: convert(context.path[name]), convert)
    if name == "context" or annotation in (Context, RequestContext):
        return Parameter(name, "context", "", annotation, REQUIRED, lambda context: context)
    if annotation is Request:
        return Parameter(name, "context", "", annotation, REQUIRED, lambda context: context.request)
    if isinstance(mark, Form | File):
        key = mark.name or ("" if is_struct(kind) else name)
        return Parameter(name, "form", key, kind, default, form_reader(who, name, kind, mark, default))
    if isinstance(mark, Query) and is_struct(kind):
        return Parameter(name, "query", "", kind, default, query_struct_reader(kind, default))
    return _named(who, name, mark, kind, default)


def _named(who: str, name: str, mark: Any, kind: Any, default: Any) -> Parameter:
    if kind is EMPTY or not is_scalar(kind):
        advice = "annotate a scalar or a Struct, or mark it with Header, Cookie, Query or Body"
        if mark is not None:
            advice = "text becomes a scalar, or a list of them"
        raise RouteError(f"{who} has no source: {advice}")
    key = (mark.name if mark is not None else "") or name
    if isinstance(mark, Header):
        return Parameter(name, "header", key, kind, default, header_reader(key, kind, default))
    if isinstance(mark, Cookie):
        if is_several(kind):
            raise RouteError(f"{who} is a list, and a cookie has one value: annotate a scalar")
        return Parameter(name, "cookie", key, kind, default, cookie_reader(key, kind, default))
    convert = query_converter(key, kind, default)
    return Parameter(name, "query", key, kind, default, lambda context: convert(context.fields.get(key)), convert)


def _check_placeholders(who: str, names: tuple[str, ...], parameters: list[Parameter]) -> None:
    """`context.path` has them all, so a handler that takes the context need not take each."""
    taken = {one.source for one in parameters} & {"context"} or {one.key for one in parameters if one.source == "path"}
    unused = [] if "context" in taken else [name for name in names if name not in taken]
    if unused:
        raise RouteError(f"{who}: nothing takes placeholder {unused[0]!r}: add a parameter of that name")


def check_decodable(who: object, kind: Any) -> tuple[msgspec.json.Decoder[Any], msgspec.inspect.Type]:
    """Make the decoder of a body, and look at what it decodes.

    Raises:
        RouteError: msgspec does not know the type.
    """
    try:
        info = msgspec.inspect.type_info(kind)
        decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(kind)
    except TypeError as error:
        raise RouteError(f"{who}: the body's type cannot be decoded: {error}") from error
    if isinstance(info, msgspec.inspect.CustomType):
        raise RouteError(f"{who}: the body's type {kind!r} cannot be decoded: use a msgspec.Struct")
    return decoder, info
