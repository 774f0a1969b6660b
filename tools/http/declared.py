"""What an endpoint declares besides its parameters: the type of its answer, and the answers to its errors."""

import typing
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from tools.http.annotation import is_union
from tools.http.binder import EMPTY
from tools.http.contract import ErrorAnswer, RouteError


def answer_type(declared: Any) -> Any:
    """Leave what is encoded: None for anything goes; a Response writes itself."""
    if is_union(declared):
        kinds = [one for one in typing.get_args(declared) if not _is_response(one)]
        return typing.Union[tuple(kinds)] if kinds else None  # noqa: UP007 (made from a tuple)
    if declared is None:
        return type(None)
    return None if declared in (EMPTY, Any, object) or _is_response(declared) else declared


def response_kinds(declared: Any) -> list[type[Response]]:
    """List the kinds of Response that an annotation names."""
    return [one for one in (typing.get_args(declared) if is_union(declared) else (declared,)) if _is_response(one)]


def _is_response(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Response)


def error_answers(
    who: object, errors: Mapping[type[BaseException], ErrorAnswer]
) -> dict[type[BaseException], tuple[int, str, str]]:
    """Fill in what was left out: exception class -> status, detail, pointer.

    Raises:
        RouteError: no exception class, no status of an error, or no JSON pointer.
    """
    answers = {}
    for kind, answer in errors.items():
        status, detail, pointer = (answer, "", "") if isinstance(answer, int) else (*answer, "", "")[:3]
        if not (isinstance(kind, type) and issubclass(kind, BaseException)):
            raise RouteError(f"{who}: errors names {kind!r}, which is no exception class: map a class to a status")
        if not isinstance(status, int) or not 400 <= status <= 599:
            raise RouteError(f"{who}: errors maps {kind.__name__} to {status!r}: use a status of 400 to 599")
        if pointer and not pointer.startswith("/"):
            raise RouteError(f"{who}: errors points at {pointer!r}: write a JSON pointer into the body, e.g. '/email'")
        answers[kind] = (status, detail, pointer)
    return answers
