"""Readers of a form's fields and files, made once for a parameter that is marked `Form` or `File`."""

import typing
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from tools.http.annotation import bare, bounded, is_scalar, is_several, is_struct
from tools.http.context import RequestContext
from tools.http.contract import File, Form, RouteError, Upload
from tools.http.integers import check_spelling
from tools.http.problem import of_invalid_parameter
from tools.http.readers import MISSING, REQUIRED, Reader

_NO_TEXT = (int, float, date, time, timedelta, Decimal, UUID)
"""Of these, a browser sends an empty text where nothing was filled in."""


def form_reader(who: str, name: str, kind: Any, mark: Form | File, default: Any) -> Reader:
    """Make the reader of one parameter; `kind` is its annotation without the mark.

    Raises:
        RouteError: no form has that; `who` is named.
    """
    key = mark.name or name
    if isinstance(mark, File):
        if bare(kind) is not Upload and not _is_list_of_uploads(kind):
            raise RouteError(f"{who} is marked File(): annotate Upload, list[Upload] or Upload | None")
        return _file_reader(key, is_several(kind), default)
    if is_struct(kind):
        return _struct_reader(who, kind, default)
    if not is_scalar(kind):
        raise RouteError(f"{who} is marked Form(): annotate a scalar, a list of them, or a Struct of these")
    return _field_reader(key, bounded(kind), default)


def _is_list_of_uploads(kind: Any) -> bool:
    return typing.get_origin(bare(kind)) is list and typing.get_args(bare(kind)) == (Upload,)


def _file_reader(key: str, several: bool, default: Any) -> Reader:
    def read(context: RequestContext) -> Any:
        files = context.form.files.get(key)
        if files is None:
            return _default(key, default)
        return files if several else files[-1]

    return read


def _field_reader(key: str, kind: Any, default: Any) -> Reader:
    several, is_filled = is_several(kind), _filled_check(kind)

    def read(context: RequestContext) -> Any:
        values = context.form.fields.get(key)
        if values is None or not is_filled(values):
            return _default(key, default)
        return _converted(key, values if several else values[-1], kind)

    return read


def _struct_reader(who: str, kind: Any, default: Any) -> Reader:
    fields = {field.encode_name: bounded(field.type) for field in msgspec.structs.fields(bare(kind))}
    for key, one in fields.items():
        if not is_scalar(one):
            raise RouteError(f"{who}: field {key!r} is no scalar and no list of them: a form holds only text")
    checks = {key: (is_several(one), _filled_check(one)) for key, one in fields.items()}
    unknown = False, bool

    def read(context: RequestContext) -> Any:
        sent = context.form.fields
        if not sent and default is not REQUIRED:
            return default
        given: dict[str, Any] = {}
        for key, values in sent.items():
            several, is_filled = checks.get(key, unknown)
            if is_filled(values):
                given[key] = values if several else values[-1]
        for key in given.keys() & fields.keys():
            _converted(key, given[key], fields[key])
        return _converted("", given, kind)

    return read


def _filled_check(kind: Any) -> Any:
    """Make the check that something was filled in; the empty text is text, but no number and no date."""
    kind = bare(kind)
    if isinstance(kind, type) and issubclass(kind, _NO_TEXT):
        return lambda values: values[-1] != ""
    return bool


def _default(key: str, default: Any) -> Any:
    if default is REQUIRED:
        raise of_invalid_parameter("form", key, MISSING)
    return default


def _converted(key: str, value: Any, kind: Any) -> Any:
    try:
        converted = msgspec.convert(value, kind, strict=False)
        if key:
            check_spelling(value, converted)
        return converted
    except msgspec.ValidationError as error:
        raise of_invalid_parameter("form", key, error) from None
