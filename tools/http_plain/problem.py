"""Errors as RFC 9457 problem details, with a JSON pointer (RFC 6901) to the field at fault."""

import math
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from starlette.responses import Response

from hookspecs import Refusal

NOTHING = "nothing is here"
_FIELD = re.compile(r"(?:missing required|contains unknown) field `([^`]*)`")
_PLACE = re.compile(r"^(?P<detail>.*?)(?: - at `(?:key in )?\$(?P<path>.*)`)?$", re.DOTALL)
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")


class Problem(Exception):  # noqa: N818 (RFC 9457's word)
    """An answer that is not the handler's; with `is_last`, what the client still sends is not worth reading."""

    def __init__(
        self,
        status: int,
        detail: str = "",
        *,
        errors: list[dict[str, str]] | None = None,
        headers: Mapping[str, str] | None = None,
        is_last: bool = False,
    ) -> None:
        super().__init__(status, detail)
        self.status, self.detail, self.errors = status, detail, errors
        self.headers, self.is_last = headers or {}, is_last

    def response(self, request_id: str) -> Response:
        """Answer with the document; `instance` is the request id, which the log has too."""
        known = {"detail": self.detail, "errors": self.errors}
        document: dict[str, Any] = {"type": "about:blank", "title": phrase(self.status), "status": self.status}
        document |= {name: value for name, value in known.items() if value}
        document["instance"] = f"urn:request:{request_id}"
        headers = {"cache-control": "no-store", **self.headers}
        return Response(msgspec.json.encode(document), self.status, headers, "application/problem+json")


def phrase(status: int) -> str:
    """Answer with the words that belong to a status."""
    return HTTPStatus(status).phrase if status in [*HTTPStatus] else "Error"


def of_refusal(refusal: Refusal) -> Problem:
    """Put a tool's or a plugin's refusal into its answer."""
    headers = {"www-authenticate": "Bearer"} if refusal.status == HTTPStatus.UNAUTHORIZED else {}
    if refusal.retry_after_s is not None:
        headers["retry-after"] = str(max(1, math.ceil(refusal.retry_after_s)))
    return Problem(refusal.status, refusal.detail, headers=headers)


def of_invalid_body(text: str) -> Problem:
    """Put msgspec's text, which ends in the path to the value, into detail and pointer."""
    detail, pointer = _parted(text)
    return Problem(422, "the body is not valid", errors=[{"detail": detail, "pointer": pointer}])


def of_invalid_parameter(source: str, key: str, text: str) -> Problem:
    """Name the parameter; a Struct of them has no key: its field is the parameter."""
    detail, pointer = _parted(text)
    key = key or pointer.removeprefix("/")
    return Problem(422, f"the {source} parameter {key!r} is not valid", errors=[{"detail": detail, "parameter": key}])


def _parted(text: str) -> tuple[str, str]:
    match = _PLACE.match(text)
    detail, path = (match["detail"], match["path"] or "") if match else (text, "")
    steps = [name or index for name, index in _STEP.findall(path)]
    if field := _FIELD.search(detail):
        steps.append(field[1])
    return detail, "".join(f"/{step.replace('~', '~0').replace('/', '~1')}" for step in steps)
