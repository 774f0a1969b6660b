"""Compiles a handler's signature into a plan: one reader a parameter, made once at boot.

The kinds, and where each looks: path placeholder by name; `context`; a Struct or `data: dict` = JSON body; scalars, enums,
dates and lists of them = query; everything else says so with `Annotated[..., Header | Cookie | Query | Body]`.
"""

import inspect
import types
import typing
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, NamedTuple
from uuid import UUID

import msgspec
from starlette.requests import Request

from tools.http.contract import Body, Context, Cookie, Header, Query, RouteError
from tools.http.context import RequestContext
from tools.http.problem import Problem, of_invalid_parameter

SCALARS = (str, int, float, bool, date, datetime, time, timedelta, Decimal, UUID, Enum)
INT64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
Reader = Callable[[RequestContext], Any]


class Parameter(NamedTuple):
    """One parameter of a handler: where it comes from, under which name there, and how it is read."""

    name: str
    source: str
    key: str
    annotation: Any
    default: Any
    read: Reader


class Plan(NamedTuple):
    """How a handler's parameters are filled; `body` is the type of the JSON body, `body_name` who gets it."""

    parameters: tuple[Parameter, ...]
    body_name: str
    body: Any
    body_default: Any
    returns: Any


EMPTY = inspect.Parameter.empty


def compile_plan(handler: Callable[..., Any], names: tuple[str, ...], request_model: type | None) -> Plan:
    """Decide where each parameter comes from.

    Raises:
        RouteError: an annotation that does not resolve, a parameter without a source, or with two.
    """
    try:
        hints = typing.get_type_hints(handler, include_extras=True)
    except Exception as error:
        raise RouteError(f"{_name(handler)}: an annotation does not resolve: {error}: import the name at run time") from error
    parameters: list[Parameter] = []
    bodies: list[tuple[str, Any, Any]] = []
    for parameter in inspect.signature(handler).parameters.values():
        annotation = hints.get(parameter.name, EMPTY)
        if _is_body(parameter.name, annotation, names):
            model = request_model if request_model and _is_plain_data(parameter.name, annotation) else annotation
            bodies.append((parameter.name, dict[str, Any] if model in (dict, EMPTY) else model, parameter.default))
        else:
            parameters.append(_parameter(handler, parameter, annotation, names))
    if len(bodies) > 1:
        raise RouteError(f"{_name(handler)}: {bodies[0][0]!r} and {bodies[1][0]!r} both want the body: one can have it")
    unused = set(names) - {one.key for one in parameters if one.source == "path"}
    if unused and not any(one.source == "context" for one in parameters):
        raise RouteError(f"{_name(handler)}: nothing takes placeholder {min(unused)!r}: add a parameter of that name")
    body_name, body, default = bodies[0] if bodies else ("", request_model, EMPTY)
    return Plan(tuple(parameters), body_name, body, default, hints.get("return", EMPTY))


def _is_plain_data(name: str, annotation: Any) -> bool:
    return name == "data" and (annotation in (dict, EMPTY) or typing.get_origin(annotation) is dict)


def _is_body(name: str, annotation: Any, names: tuple[str, ...]) -> bool:
    if name in names:
        return False
    if typing.get_origin(annotation) is Annotated and (marks := _marks(annotation)):
        return isinstance(marks[0], Body)
    bare = _bare(annotation)
    return _is_plain_data(name, annotation) or (isinstance(bare, type) and issubclass(bare, msgspec.Struct))


def _parameter(handler: Callable[..., Any], parameter: inspect.Parameter, annotation: Any, names: tuple[str, ...]) -> Parameter:
    name, marks = parameter.name, _marks(annotation)
    who = f"{_name(handler)}: parameter {name!r}"
    if name in names and marks:
        raise RouteError(f"{who} is a placeholder of the path and marked {marks[0]!r}: rename one")
    if name in names:
        return _path(name, str if annotation is EMPTY else annotation)
    if name == "context" or annotation in (Context, RequestContext):
        return Parameter(name, "context", "", annotation, EMPTY, lambda context: context)
    if annotation is Request:
        return Parameter(name, "context", "", annotation, EMPTY, lambda context: context.request)
    mark = marks[0] if marks else Query()
    plain = _without_marks(annotation)
    if isinstance(mark, Query) and _is_struct(plain):
        return Parameter(name, "query", "", plain, parameter.default, _query_struct(plain))
    if annotation is EMPTY or not (marks or _is_scalar(plain)):
        raise RouteError(f"{who} has no source: annotate a scalar or a Struct, or mark it with Header, Cookie, Query or Body")
    if isinstance(mark, Header | Cookie):
        source = "header" if isinstance(mark, Header) else "cookie"
        return Parameter(name, source, mark.name, plain, parameter.default, _single(source, mark.name, plain, parameter.default))
    return _query(name, mark.name or name, plain, parameter.default)


def _path(name: str, annotation: Any) -> Parameter:
    kind = _bounded(annotation)
    if annotation is str:
        return Parameter(name, "path", name, annotation, EMPTY, lambda context: context.path[name])

    def read(context: RequestContext) -> Any:
        try:
            return msgspec.convert(context.path[name], kind, strict=False)
        except msgspec.ValidationError:  # no such resource can exist
            raise Problem(404, "no such resource") from None

    return Parameter(name, "path", name, annotation, EMPTY, read)


def _query(name: str, key: str, annotation: Any, default: Any) -> Parameter:
    kind, several = _bounded(annotation), typing.get_origin(_bare(annotation)) in (list, set, tuple, frozenset)

    def read(context: RequestContext) -> Any:
        values: Any = context.query.getlist(key) if several else context.query.get(key)
        if not values and (values is None or several):
            if default is not EMPTY:
                return default
            if not several:
                raise of_invalid_parameter("query", key, msgspec.ValidationError("it is required"))
        return _converted("query", key, values, kind)

    return Parameter(name, "query", key, annotation, default, read)


def _query_struct(kind: Any) -> Reader:
    def read(context: RequestContext) -> Any:
        several = {name for name, hint in typing.get_type_hints(kind).items() if typing.get_origin(hint) is list}
        query = context.query
        fields = {key: query.getlist(key) if key in several else query[key] for key in query}
        try:
            return msgspec.convert(fields, kind, strict=False)
        except msgspec.ValidationError as error:
            raise of_invalid_parameter("query", "", error) from None

    return read


def _single(source: str, key: str, kind: Any, default: Any) -> Reader:
    def read(context: RequestContext) -> Any:
        value = context.headers.get(key) if source == "header" else context.cookies.get(key)
        if value is None and default is not EMPTY:
            return default
        if value is None:
            raise of_invalid_parameter(source, key, msgspec.ValidationError("it is required"))
        return _converted(source, key, value, _bounded(kind))

    return read


def _converted(source: str, key: str, value: Any, kind: Any) -> Any:
    try:
        return msgspec.convert(value, kind, strict=False)
    except msgspec.ValidationError as error:
        raise of_invalid_parameter(source, key, error) from None


def _marks(annotation: Any) -> list[Any]:
    return [one for one in typing.get_args(annotation)[1:] if isinstance(one, Header | Cookie | Query | Body)] \
        if typing.get_origin(annotation) is Annotated else []  # fmt: skip


def _without_marks(annotation: Any) -> Any:
    if not _marks(annotation):
        return annotation
    kind, *extras = typing.get_args(annotation)
    rest = [one for one in extras if not isinstance(one, Header | Cookie | Query | Body)]
    return Annotated[(kind, *rest)] if rest else kind


def _bare(annotation: Any) -> Any:
    """Strip Annotated and `| None`."""
    if typing.get_origin(annotation) is Annotated:
        return _bare(typing.get_args(annotation)[0])
    if typing.get_origin(annotation) in (types.UnionType, typing.Union):
        kinds = [one for one in typing.get_args(annotation) if one is not type(None)]
        return _bare(kinds[0]) if len(kinds) == 1 else annotation
    return annotation


def _is_struct(annotation: Any) -> bool:
    bare = _bare(annotation)
    return isinstance(bare, type) and issubclass(bare, msgspec.Struct)


def _is_scalar(annotation: Any) -> bool:
    bare = _bare(annotation)
    if typing.get_origin(bare) in (list, set, frozenset, tuple):
        return all(_is_scalar(one) for one in typing.get_args(bare) if one is not ...)
    if typing.get_origin(bare) is typing.Literal:
        return True
    return isinstance(bare, type) and issubclass(bare, SCALARS)


def _bounded(annotation: Any) -> Any:
    """Keep integers in 64 bits, where a database can take them, unless the annotation has bounds of its own."""
    return INT64 if annotation is int else (INT64 | None if annotation == (int | None) else annotation)


def _name(handler: Callable[..., Any]) -> str:
    return f"handler {getattr(handler, '__qualname__', repr(handler))}"
