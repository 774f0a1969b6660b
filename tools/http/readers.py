"""Converters and readers, made once for a parameter.

A converter makes a path's or a query's text into the value; a reader finds text and value in a request's context.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from tools.http.annotation import bare, is_several
from tools.http.context import RequestContext
from tools.http.integers import FRACTION, check_integers, check_spelling
from tools.http.problem import Problem, of_invalid_parameter

Reader = Callable[[RequestContext], Any]
Convert = Callable[[Any], Any]


class _Required:
    """Stands for a default that is not there."""

    def __repr__(self) -> str:
        return "REQUIRED"


REQUIRED = _Required()
MISSING = msgspec.ValidationError("it is required")


def path_converter(kind: Any) -> Convert:
    """Convert a placeholder's text; text that does not become `kind` names nothing: 404."""

    def convert(text: str) -> Any:
        try:
            value = msgspec.convert(text, kind, strict=False)
            check_spelling(text, value)
            return value
        except msgspec.ValidationError:
            raise Problem(404, "nothing is here") from None

    return str if kind is str else convert


def query_converter(key: str, kind: Any, default: Any) -> Convert:
    """Convert the values of a query parameter, None for none: to the last of them, or to all of them for a list."""
    several = is_several(kind)

    def convert(values: list[str] | None) -> Any:
        if values is None:
            return _default("query", key, default)
        value = values if several else values[-1]
        return value if kind is str else _converted("query", key, value, kind)

    return convert


def query_struct_reader(kind: Any, default: Any) -> Reader:
    """Read a Struct whose fields are query parameters."""
    kinds = {field.encode_name: field.type for field in msgspec.structs.fields(bare(kind))}
    several = {key for key, one in kinds.items() if is_several(one)}

    def read(context: RequestContext) -> Any:
        fields = context.fields
        if not fields and default is not REQUIRED:
            return default
        given = {key: values if key in several else values[-1] for key, values in fields.items()}
        value = _converted("query", "", given, kind)
        texts = [text for values in fields.values() for text in values]
        if any(map(FRACTION.match, texts)):
            for key in kinds.keys() & given.keys():
                _converted("query", key, given[key], kinds[key])
        if any(len(text) > 18 for text in texts):
            _check_struct(value)
        return value

    return read


def header_reader(key: str, kind: Any, default: Any) -> Reader:
    """Read a header, or all of that name for a list."""
    several = is_several(kind)

    def read(context: RequestContext) -> Any:
        values: Any = _listed(context.headers.getlist(key)) if several else context.headers.get(key)
        if not values and (values is None or several):
            return _default("header", key, default)
        return _converted("header", key, values, kind)

    return read


def _listed(values: list[str]) -> list[str]:
    """Take apart what a client, or a gateway in between, has joined by commas (RFC 9110 sections 5.3 and 5.6.1)."""
    return [part.strip() for value in values for part in value.split(",") if part.strip()]


def cookie_reader(key: str, kind: Any, default: Any) -> Reader:
    """Read a cookie."""

    def read(context: RequestContext) -> Any:
        value = context.cookies.get(key)
        return _default("cookie", key, default) if value is None else _converted("cookie", key, value, kind)

    return read


def _default(source: str, key: str, default: Any) -> Any:
    if default is REQUIRED:
        raise of_invalid_parameter(source, key, MISSING)
    return default


def _converted(source: str, key: str, value: Any, kind: Any) -> Any:
    try:
        converted = msgspec.convert(value, kind, strict=False)
        check_spelling(value, converted)
        return converted
    except msgspec.ValidationError as error:
        raise of_invalid_parameter(source, key, error) from None


def _check_struct(value: Any) -> None:
    try:
        check_integers(msgspec.to_builtins(value))
    except msgspec.ValidationError as error:
        raise of_invalid_parameter("query", "", error) from None
