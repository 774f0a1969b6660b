"""Readers: made once for a parameter, called with each request's context, answering with the parameter's value."""

import re
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from tools.http_plain.annotation import INT64_MAX, INT64_MIN, bare, fields_of, from_text, is_several
from tools.http_plain.problem import NOTHING, Problem, of_invalid_body, of_invalid_parameter
from tools.http_plain.request_context import PlainContext

Reader = Callable[[PlainContext], Any]
REQUIRED: Any = type("Required", (), {"__repr__": lambda self: "REQUIRED"})()
_LONG_NUMBER = re.compile(rb"[0-9]{19}")
_CHARSETS = ("charset=utf-8", "charset=utf8")


def reader(source: str, key: str, kind: Any, default: Any) -> Reader:
    """Read a placeholder, a query parameter, a header or a cookie; of several the last, of headers the first."""
    several = is_several(kind)

    def read(context: PlainContext) -> Any:
        values = context.texts(source, key)
        if not values and default is not REQUIRED:
            return default
        try:
            if not values:
                raise msgspec.ValidationError("it is required")
            return from_text(values if several else values[0 if source == "header" else -1], kind)
        except msgspec.ValidationError as error:
            if source == "path":
                raise Problem(404, NOTHING) from None
            raise of_invalid_parameter(source, key, str(error)) from None

    return read


def query_struct_reader(kind: Any, default: Any) -> Reader:
    """Read a Struct whose fields are query parameters."""
    fields = {one.encode_name: one.type for one in fields_of(kind) or ()}
    several = {key for key, one in fields.items() if is_several(one)}
    checks = [reader("query", key, one, None) for key, one in fields.items()]

    def read(context: PlainContext) -> Any:
        if not context.query and default is not REQUIRED:
            return default
        for check in checks:
            check(context)
        given = {key: context.query.getlist(key) if key in several else value for key, value in context.query.items()}
        try:
            return msgspec.convert(given, kind, strict=False)
        except msgspec.ValidationError as error:
            raise of_invalid_parameter("query", "", str(error)) from None

    return read


def body_reader(kind: Any, default: Any) -> Callable[[PlainContext, bytes], Any]:
    """Decode a JSON body; `bytes` are it as it came."""
    decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(kind)

    def read(context: PlainContext, raw: bytes) -> Any:
        if not raw and default is not REQUIRED:
            return default
        if bare(kind) is bytes:
            return raw
        _check_media_type(context.headers.getlist("content-type"), context.headers.get("content-encoding", "identity"))
        if not raw:
            raise of_invalid_body("it is required")
        try:
            value = decoder.decode(raw)
            if _LONG_NUMBER.search(raw):
                _check_integers(msgspec.json.decode(raw), "$")
            return value
        except msgspec.ValidationError as error:
            raise of_invalid_body(str(error)) from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise Problem(400, "the body is no JSON text in UTF-8, or is nested too deeply") from None

    return read


def _check_media_type(sent: Sequence[str], encoding: str) -> None:
    """Take JSON in UTF-8, plain, which also keeps a form on another site from posting JSON."""
    kind, *parameters = "".join(sent).lower().replace(" ", "").split(";")
    if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        raise Problem(415, "send the body as application/json")
    if any(one.startswith("charset=") and one.replace('"', "") not in _CHARSETS for one in parameters):
        raise Problem(415, "send the body in UTF-8")
    if encoding.lower() != "identity":
        raise Problem(415, "send the body without Content-Encoding")


def _check_integers(value: Any, path: str) -> None:
    if isinstance(value, int) and not INT64_MIN <= value <= INT64_MAX:
        raise msgspec.ValidationError(f"Expected an `int` of 64 bits - at `{path}`")
    for key, one in value.items() if isinstance(value, dict) else ():
        _check_integers(one, f"{path}.{key}")
    for index, one in enumerate(value if isinstance(value, list) else ()):
        _check_integers(one, f"{path}[{index}]")
